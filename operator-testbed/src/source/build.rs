//! Builds the control plane from its Go sources, once per version, into the user's cache folder.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use sha2::{Digest, Sha256};

use super::progress::Progress;
use crate::Error;

const KUBERNETES_VERSION: &str = "v1.36.3";

/// Embedded, so that a build works wherever the crate is unpacked, and without it.
const SOURCES: [(&str, &str); 4] = [
    ("go.mod", include_str!("../../control-plane/go.mod")),
    ("go.sum", include_str!("../../control-plane/go.sum")),
    ("main.go", include_str!("../../control-plane/main.go")),
    ("kwok.go", include_str!("../../control-plane/kwok.go")),
];

/// The built program. Of several processes that ask for it, one builds and the others wait.
pub(super) fn cached_or_built() -> Result<PathBuf, Error> {
    let folder = cache_folder()?;
    let program = folder.join("control-plane");
    if program.is_file() {
        return Ok(program);
    }
    fs::create_dir_all(&folder).map_err(Error::io(format!("creating the cache folder {}", folder.display())))?;
    let _lock = lock(&folder)?;
    if !program.is_file() {
        build(&folder, &program)?;
    }
    Ok(program)
}

/// One folder per Kubernetes version and state of the Go sources.
fn cache_folder() -> Result<PathBuf, Error> {
    let absolute = |name, below: &str| {
        env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute()).map(|path| path.join(below))
    };
    let cache = absolute("XDG_CACHE_HOME", "").or_else(|| absolute("HOME", ".cache")).ok_or(Error::NoCache)?;
    let mut hash = Sha256::new();
    for (name, content) in SOURCES {
        hash.update(name);
        hash.update(content);
    }
    let hash: String = hash.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    Ok(cache.join("operator-testbed").join(format!("{KUBERNETES_VERSION}-{hash}")))
}

/// Held until the file is dropped, or the process ends in any way.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let failed = || Error::io(format!("locking {}", path.display()));
    let file = File::options().create(true).append(true).open(&path).map_err(failed())?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("testbed: waiting for another process that builds the control plane");
            file.lock().map_err(failed())?;
        }
        Err(TryLockError::Error(source)) => return Err(failed()(source)),
    }
    Ok(file)
}

fn build(folder: &Path, program: &Path) -> Result<(), Error> {
    let workplace = folder.join("build");
    let failed = || Error::io(format!("building in {}", workplace.display()));
    // A build that was killed leaves its workplace.
    if workplace.exists() {
        fs::remove_dir_all(&workplace).map_err(failed())?;
    }
    fs::create_dir(&workplace).map_err(failed())?;
    let result = (|| {
        for (name, content) in SOURCES {
            fs::write(workplace.join(name), content).map_err(failed())?;
        }
        compile(&workplace)?;
        fs::rename(workplace.join("control-plane"), program).map_err(failed())
    })();
    // A failed build's sources are of no use, and a failed removal does no harm: the next build tries again.
    let _ = fs::remove_dir_all(&workplace);
    result
}

fn compile(workplace: &Path) -> Result<(), Error> {
    let mut progress = Progress::start("testbed: building the Kubernetes control plane, once");
    let packages = go(workplace, &["list", "-deps", "."], &mut progress, |_| {})?.len();
    progress.expect(packages);
    let version = format!("-s -w -X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}");
    let arguments = ["build", "-v", "-trimpath", "-ldflags", &version, "-o", "control-plane", "."];
    go(workplace, &arguments, &mut progress, Progress::one_more)?;
    progress.finish();
    Ok(())
}

/// Runs `go`, calls `on_line` for each line that it writes, and returns the lines.
fn go(
    workplace: &Path,
    arguments: &[&str],
    progress: &mut Progress,
    on_line: fn(&mut Progress),
) -> Result<Vec<String>, Error> {
    let (reader, writer) = io::pipe().map_err(Error::io("making a pipe"))?;
    let standard_error = writer.try_clone().map_err(Error::io("making a pipe"))?;
    let mut command = Command::new("go");
    command
        .args(arguments)
        .current_dir(workplace)
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-buildvcs=false")
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(standard_error);
    let mut child = command.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::NoGo,
        _ => Error::Io { what: "starting `go`".to_owned(), source },
    })?;
    // The command holds the pipe's write ends; with them open, the end of the output is never seen.
    drop(command);

    let (sender, lines) = std::sync::mpsc::channel();
    thread::spawn(move || BufReader::new(reader).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut output = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                on_line(progress);
                output.push(line);
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
        progress.show();
    }
    let status = child.wait().map_err(Error::io("waiting for `go`"))?;
    if status.success() {
        Ok(output)
    } else {
        progress.finish();
        let end = output.len().saturating_sub(20);
        Err(Error::Build { command: format!("go {}", arguments.join(" ")), output: output.split_off(end).join("\n") })
    }
}
