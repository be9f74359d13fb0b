//! Standard output.

use std::io::{self, ErrorKind, Write};

use serde_json::Value;

use crate::{Error, Result};

/// Prints a text. That nobody reads it to its end, as in `crd | head`, is no mistake.
///
/// # Errors
/// Where it can't be written.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::Output),
    }
}

/// As YAML.
pub fn yaml(value: &Value) -> Result<String> {
    Ok(serde_saphyr::to_string(value)?)
}
