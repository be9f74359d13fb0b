//! Kubernetes quantities, in the canonical form that the API server writes.

use std::{borrow::Cow, cmp::Ordering, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// An amount such as `500m`, `2` or `50Gi`, in canonical form: no fraction, the largest suffix that loses nothing.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource`. Amounts finer than a nano are rounded up, as there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Quantity(String);

/// A text that isn't a quantity.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a quantity; write a number with a unit, such as 500m, 2 or 50Gi")]
pub struct NotAQuantity(String);

const PATTERN: &str = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
const DECIMAL: [(&str, i32); 10] =
    [("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("", 0), ("m", -3), ("u", -6), ("n", -9)];
const BINARY: [(&str, u32); 7] = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10), ("", 0)];

/// In nanos.
type Nanos = i128;
const NANO: Nanos = 1_000_000_000;

impl Quantity {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In bytes, rounded up; for storage.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.nanos().div_euclid(NANO) + i128::from(self.nanos() % NANO != 0)).unwrap_or(u64::MAX)
    }

    fn nanos(&self) -> Nanos {
        // A `Quantity` is only ever made by parsing.
        parse(&self.0).map(|(nanos, _)| nanos).unwrap_or_default()
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos().cmp(&other.nanos()).then_with(|| self.0.cmp(&other.0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (nanos, family) = parse(text).ok_or_else(|| NotAQuantity(text.to_owned()))?;
        Ok(Self(write(nanos, family)))
    }
}

/// The three ways to write a quantity; one keeps its own.
#[derive(Clone, Copy, PartialEq)]
enum Family {
    Decimal,
    Binary,
    Exponent,
}

fn parse(text: &str) -> Option<(Nanos, Family)> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(split)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || number.len() > 40 || fraction.contains('.') {
        return None;
    }
    let digits = format!("{whole}{fraction}").parse::<Nanos>().ok()?;
    let scale = -i32::try_from(fraction.len()).ok()?;
    let (nanos, family) = if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix && !name.is_empty()) {
        (digits.checked_mul(1 << bits).and_then(|value| shift(value, scale + 9)), Family::Binary)
    } else if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        (shift(digits, scale + power + 9), Family::Decimal)
    } else {
        let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-30..=30).contains(power))?;
        (shift(digits, scale + power + 9), Family::Exponent)
    };
    nanos.map(|nanos| (nanos, family))
}

/// `value` × 10^`power`, rounded up.
fn shift(value: Nanos, power: i32) -> Option<Nanos> {
    let factor = 10i128.checked_pow(power.unsigned_abs())?;
    if power >= 0 {
        value.checked_mul(factor)
    } else {
        Some(value.div_euclid(factor) + i128::from(value % factor != 0))
    }
}

fn write(nanos: Nanos, family: Family) -> String {
    // A binary quantity below one unit can't be written in its own family.
    if family == Family::Binary && nanos % NANO == 0 && nanos >= 1024 * NANO {
        let units = nanos / NANO;
        for (suffix, bits) in BINARY {
            if units % (1 << bits) == 0 {
                return format!("{}{suffix}", units >> bits);
            }
        }
    }
    if nanos == 0 {
        return "0".to_owned();
    }
    for (suffix, power) in DECIMAL {
        let unit = 10i128.pow(u32::try_from(power + 9).unwrap_or_default());
        if nanos % unit == 0 {
            let number = nanos / unit;
            return match (family, power) {
                (Family::Exponent, 0) => number.to_string(),
                (Family::Exponent, power) => format!("{number}e{power}"),
                _ => format!("{number}{suffix}"),
            };
        }
    }
    nanos.to_string()
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            value => value.to_string(),
        };
        text.trim().parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-kubernetes-int-or-string": true, "pattern": PATTERN, "maxLength": 40 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_the_api_server_writes_them() {
        for (input, canonical) in [
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1000", "1k"),
            ("1024Mi", "1Gi"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("2048", "2048"),
            ("50Gi", "50Gi"),
            ("1e3", "1e3"),
            ("12e2", "1200"),
            ("0", "0"),
            ("0Gi", "0"),
            ("512Ki", "512Ki"),
            ("100Gi", "100Gi"),
            ("1000Ki", "1000Ki"),
            ("0.0000000001", "1n"),
        ] {
            assert_eq!(input.parse::<Quantity>().map(|q| q.0).ok().as_deref(), Some(canonical), "{input}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for input in ["", "Gi", "1.2.3", "5 Gi", "-1", "1GiB", "1e99", "9999999999999999999999999999999999999999Ei"] {
            assert!(input.parse::<Quantity>().is_err(), "{input}");
        }
    }

    #[test]
    fn quantities_compare_by_amount() {
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        assert!(quantity("1Gi") > quantity("1G"));
        assert!(quantity("500m") < quantity("1"));
    }
}
