//! What attributes can't say: the author's hook over the desired objects.

use serde_json::Value;

use super::{Identity, Object};
use crate::{
    definition::Definition,
    kinds::ChildKind,
    node::{Effective, Invalid},
};

/// Changes, adds or drops desired objects. Pure: the same cluster must give the same objects.
///
/// It is implemented for the struct that derives `DataOperator`, and called where that has `#[operator(customize)]`: once for each node,
/// and once for the cluster itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no hook over the desired objects",
    label = "no `Customize`",
    note = "write `impl Customize for {Self}`, or leave out `customize`"
)]
pub trait Customize: Sized {
    /// Kinds of objects that are added beside the usual ones: they are watched, applied and pruned as those.
    const KINDS: &'static [&'static ChildKind] = &[];

    /// Looks at the objects of one node, or where `scope` has none, of the whole cluster.
    ///
    /// # Errors
    /// What is wrong with the spec, in a sentence that says what to write instead. Nothing is applied then.
    fn customize(&self, scope: &Scope<'_>, children: &mut Children) -> Result<(), String>;
}

/// What the hook is about.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The cluster.
    pub cluster: &'a Identity,
    /// The node; none: the whole cluster.
    pub node: Option<&'a Effective>,
}

/// The desired objects of a node or cluster.
#[derive(Debug)]
pub struct Children {
    objects: Vec<Object>,
}

impl Children {
    pub(crate) fn new() -> Self {
        Self { objects: Vec::new() }
    }

    pub(crate) fn push(&mut self, object: Object) {
        self.objects.push(object);
    }

    pub(crate) fn extend(&mut self, objects: impl IntoIterator<Item = Object>) {
        self.objects.extend(objects);
    }

    /// After the author's hook, where there is one.
    pub(crate) fn customized(
        mut self,
        definition: &'static Definition,
        spec: &Value,
        scope: &Scope<'_>,
    ) -> Result<Vec<Object>, Invalid> {
        if let Some(customization) = definition.customize {
            let path = scope.node.map(|node| node.path.clone()).unwrap_or_default();
            (customization.call)(spec, scope, &mut self).map_err(|message| Invalid::new(path, message))?;
        }
        Ok(self.objects)
    }
}
