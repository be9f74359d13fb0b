//! What the macros cost an author in `cargo check`: examples/druid beside the same struct with kube's `CustomResource`.

use std::{
    ffi::OsString,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::error::{Error, failed};

/// Checks of each crate; each has one in turn.
const ROUNDS: usize = 9;
/// The crates: the whole operator, and the struct alone.
const CRATES: [(&str, &str); 2] =
    [("declared", include_str!("../../examples/druid/src/lib.rs")), ("plain", include_str!("../compile/plain.rs"))];
/// Says to this program, which cargo runs in place of rustc for these crates, that it shall have the compiler tell how long each pass takes.
const AS_COMPILER: &str = "BENCH_AS_COMPILER";
/// What the compiler calls the pass in which macros are expanded.
const EXPANSION: &str = "macro_expand_crate";

/// What one crate cost.
#[derive(Default)]
struct Cost {
    checks: Vec<Duration>,
    expansions: Vec<Duration>,
}

/// Whether cargo runs this program as its compiler.
pub fn is_compiler() -> bool {
    std::env::var_os(AS_COMPILER).is_some()
}

/// Runs the compiler that the arguments begin with; ends with its status.
pub fn compile() -> Result<(), Error> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [compiler, arguments @ ..] = arguments.as_slice() else { return Err(Error::Text("no compiler".to_owned())) };
    let mut command = Command::new(compiler);
    command.args(arguments);
    if arguments.iter().any(|argument| argument.to_string_lossy().starts_with("--emit")) {
        // Of a stable compiler this is asked for by that variable.
        command.env("RUSTC_BOOTSTRAP", "1").arg("-Ztime-passes");
    }
    let status = command.status().map_err(failed("the compiler"))?;
    std::process::exit(status.code().unwrap_or(1));
}

/// Measures and prints a table. The first time, what the crates depend on is built: that takes some minutes.
pub fn print() -> Result<(), Error> {
    let folder = workspace()?;
    let mut costs = CRATES.map(|_| Cost::default());
    for round in 0..=ROUNDS {
        for ((name, _), cost) in CRATES.iter().zip(&mut costs) {
            let (check, expansion) = check(&folder, name)?;
            // In the first round, all else is built.
            if round > 0 {
                cost.checks.push(check);
                cost.expansions.push(expansion);
            }
        }
    }
    print!("{}", table(costs));
    Ok(())
}

/// A workspace of the crates, which depend on this project, in its target folder.
fn workspace() -> Result<PathBuf, Error> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = project.join("target/bench-compile");
    let write = |path: &Path, text: &str| {
        fs::create_dir_all(path.parent().unwrap_or(&folder)).and_then(|()| fs::write(path, text))
    };
    let wrote = || {
        write(&folder.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"declared\", \"plain\"]\n")?;
        // What it lacks, cargo adds.
        fs::copy(project.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        for (name, text) in CRATES {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n\
                 k8s-openapi = {{ version = \"0.29\", features = [\"v1_36\"] }}\n\
                 kube = {{ version = \"5\", default-features = false, features = [\"derive\"] }}\n\
                 operator-core = {{ path = \"../../../operator-core\" }}\n\
                 schemars = \"1\"\nserde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n"
            );
            write(&folder.join(name).join("Cargo.toml"), &manifest)?;
            write(&folder.join(name).join("src/lib.rs"), text)?;
        }
        Ok::<_, std::io::Error>(())
    };
    wrote().map_err(failed("writing the crates"))?;
    Ok(folder)
}

/// Checks a crate of which a line changed; returns how long cargo and how long the expansion of macros took.
fn check(folder: &Path, name: &str) -> Result<(Duration, Duration), Error> {
    let source = folder.join(name).join("src/lib.rs");
    let text = fs::read_to_string(&source).map_err(failed("reading the crate"))?;
    fs::write(&source, text + "// One line more.\n").map_err(failed("writing the crate"))?;
    let this = std::env::current_exe().map_err(failed("this program"))?;
    let mut cargo = Command::new("cargo");
    cargo.args(["check", "--quiet", "--package", name]).current_dir(folder).stdin(Stdio::null());
    cargo.env("RUSTC_WORKSPACE_WRAPPER", this).env(AS_COMPILER, "1").env("CARGO_TARGET_DIR", folder.join("target"));
    let started = Instant::now();
    let output = cargo.output().map_err(failed("cargo"))?;
    let took = started.elapsed();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let expansion = said.lines().find_map(expansion).filter(|_| output.status.success());
    expansion.map(|expansion| (took, expansion)).ok_or_else(|| Error::Text(format!("cargo check of {name}: {said}")))
}

/// `time:   0.012; rss: … macro_expand_crate`
fn expansion(line: &str) -> Option<Duration> {
    let (seconds, _) = line.strip_suffix(EXPANSION)?.split_once("time:")?.1.split_once(';')?;
    seconds.trim().parse().ok().map(Duration::from_secs_f64)
}

fn table(costs: [Cost; 2]) -> String {
    let mut text = format!(
        "examples/druid, and its struct with kube's CustomResource: median of {ROUNDS} checks after a change, in turn\n\n\
         {:<38} {:>11} {:>10}\n",
        "", "cargo check", "expansion"
    );
    let medians = costs.map(|cost| [cost.checks, cost.expansions].map(median));
    let names = ["#[derive(DataOperator)]: the operator", "#[derive(CustomResource)]: the struct"];
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    for (name, [check, expansion]) in names.iter().zip(medians) {
        let _ = writeln!(text, "{name:<38} {:>8.0} ms {:>7.0} ms", milliseconds(check), milliseconds(expansion));
    }
    let [check, expansion] = [0, 1].map(|figure| milliseconds(medians[0][figure]) - milliseconds(medians[1][figure]));
    let _ = writeln!(text, "{:<38} {check:>+8.0} ms {expansion:>+7.0} ms", "more");
    text
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
