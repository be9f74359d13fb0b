//! The layers of the crate: a module imports its own layer and those before it. operator-definition, which the crate exports as `definition`, is
//! below all of them: it can't import any.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// From the words to the command line.
const LAYERS: [&str; 11] =
    ["model", "settings", "crd", "render", "check", "state", "plan", "status", "apply", "runtime", "cli"];

#[test]
fn no_layer_imports_a_later_one() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let exports = exports();
    let mut found = BTreeSet::new();
    for (layer, name) in LAYERS.iter().enumerate() {
        for (file, text) in files(&source, name) {
            let words = imports(&text);
            let imported = words.iter().map(|word| exports.get(word).unwrap_or(word));
            let later = imported.filter(|import| position(import).is_some_and(|at| at > layer));
            found.extend(later.map(|import| format!("{file} imports {import}")));
        }
    }
    assert!(found.is_empty(), "imports of a later layer: {found:#?}");
}

#[test]
fn every_module_of_the_crate_is_a_layer() {
    let lib = include_str!("../src/lib.rs");
    let others = ["error", "prelude", "__private"];
    let lines = lib.lines().map(|line| line.trim_start_matches("pub "));
    let modules = lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let modules: BTreeSet<String> = modules.filter(|module| !others.contains(module)).map(str::to_owned).collect();
    assert_eq!(modules, LAYERS.map(str::to_owned).into());
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "
        use crate::{
            model::{Kind, kind::{self, CLAIM}},
            render as drawn,
            state::Child,
        };
        use crate::plan;
        pub(crate) use crate::{settings};
        fn f() -> crate::status::Reason { crate::ClusterStatus::default() }
        // use crate::cli;
        /// See [`crate::apply`].
    ";
    let found: Vec<String> = imports(text).into_iter().filter(|import| position(import).is_some()).collect();
    assert_eq!(found, ["model", "plan", "render", "settings", "state", "status"]);
    for (name, layer) in [("NodeSpec", "settings"), ("ClusterStatus", "model"), ("Cluster", "render"), ("cli", "cli")] {
        assert_eq!(exports().get(name).map(String::as_str), Some(layer));
    }
}

/// What the crate exports at its root, and the layer from which it comes.
fn exports() -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    let lines = include_str!("../src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub use "));
    for (layer, path) in lines.filter_map(|line| line.trim_end_matches(';').split_once("::")) {
        let names = path.rsplit("::").next().unwrap_or_default().trim_matches(['{', '}']).split(", ");
        exports.extend(names.map(|name| (name.to_owned(), layer.to_owned())));
    }
    exports
}

fn position(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == module)
}

/// The files of a layer, `<layer>.rs` or those of its folder, with their texts.
fn files(source: &Path, layer: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut paths = vec![source.join(layer), source.join(format!("{layer}.rs"))];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.exists() {
            let name = path.strip_prefix(source).unwrap().display().to_string();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!files.is_empty(), "there is no `{layer}`");
    files
}

/// The first words of all paths that begin with `crate::`, those within braces included; comments aside.
fn imports(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join("\n");
    let paths = text.split("crate::").skip(1);
    paths.flat_map(|path| path.strip_prefix('{').map_or_else(|| vec![first_word(path)], first_words)).collect()
}

fn first_word(text: &str) -> String {
    let is_end = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    text.trim().split(is_end).next().unwrap_or_default().to_owned()
}

/// The first word of each item of a group, up to its closing brace.
fn first_words(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut words = vec![String::new()];
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => words.push(String::new()),
            letter if depth == 0 => words.last_mut().unwrap().push(letter),
            _ => {}
        }
    }
    words.iter().map(|word| first_word(word)).collect()
}

/// Lines of code that each layer may have, without tests, comments and blank lines: who needs more sees here what has grown, and says why.
const LINES: [(&str, usize); 11] = [
    ("model", 800),
    ("settings", 2_500),
    ("crd", 600),
    ("render", 3_500),
    ("check", 950),
    ("state", 1_150),
    ("plan", 1_190),
    ("status", 540),
    ("apply", 670),
    ("runtime", 2_780),
    ("cli", 1_150),
];

#[test]
fn no_layer_grows_unseen() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (layer, most) in LINES {
        let of_files = files(&source, layer).into_iter().filter(|(file, _)| !file.ends_with("tests.rs"));
        let count: usize = of_files.map(|(_, text)| code(&text)).sum();
        println!("{layer}: {count} of {most} lines");
        assert!(count <= most, "{layer} has {count} lines, of {most}");
    }
}

/// Lines of code before the file's tests, which come last.
fn code(text: &str) -> usize {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}
