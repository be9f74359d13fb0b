//! Where the control plane comes from: a running cluster, a folder of programs, or the built one.

mod build;
mod progress;

use std::env;
use std::path::{self, PathBuf};

use crate::Error;
use crate::control_plane::Component;

/// What there is to work with.
pub(crate) enum Source {
    /// A cluster that runs already, by its kubeconfig file.
    Cluster(PathBuf),
    /// Programs to start.
    Programs(Programs),
}

/// How a component is started.
#[derive(Clone, Debug)]
pub(crate) enum Programs {
    /// One program for each, named like the component, in this folder.
    Folder(PathBuf),
    /// All in one, whose first argument is the component's name.
    AllInOne(PathBuf),
}

impl Source {
    /// Looks at the environment; builds the programs if need be, which may take minutes.
    pub fn find() -> Result<Self, Error> {
        if let Some(kubeconfig) = variable("TESTBED_KUBECONFIG") {
            return Ok(Source::Cluster(kubeconfig));
        }
        let programs = match variable("KUBEBUILDER_ASSETS") {
            Some(folder) => Programs::in_folder(folder)?,
            None => Programs::AllInOne(build::cached_or_built()?),
        };
        Ok(Source::Programs(programs))
    }
}

impl Programs {
    fn in_folder(folder: PathBuf) -> Result<Self, Error> {
        // The programs are started in another folder.
        let folder = path::absolute(&folder).map_err(Error::io(format!("finding {}", folder.display())))?;
        let missing: Vec<_> =
            Component::ALL.iter().map(Component::name).filter(|name| !folder.join(name).is_file()).collect();
        if missing.is_empty() {
            Ok(Programs::Folder(folder))
        } else {
            Err(Error::MissingPrograms { folder, missing: missing.join(", ") })
        }
    }

    /// The beginning of a component's command line.
    pub fn command(&self, component: Component) -> Vec<String> {
        match self {
            Programs::Folder(folder) => vec![folder.join(component.name()).display().to_string()],
            Programs::AllInOne(program) => vec![program.display().to_string(), component.name().to_owned()],
        }
    }
}

/// A variable that is empty counts as not set, as is the habit of shells.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
