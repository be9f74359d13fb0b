//! Sizes: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.

/// Whether Kubernetes can read this as a size above zero.
pub fn is_size(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let positive = number.chars().any(|c| ('1'..='9').contains(&c));
    digits > 0 && number.matches('.').count() <= 1 && positive && is_suffix(suffix)
}

/// A binary or decimal suffix, or an exponent. Fractions of a byte (`m`, `u`, `n`) are no sizes.
fn is_suffix(suffix: &str) -> bool {
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|exponent| !exponent.is_empty());
    match exponent {
        Some(exponent) => exponent.strip_prefix(['+', '-']).unwrap_or(exponent).parse::<u8>().is_ok(),
        None => ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "k", "M", "G", "T", "P", "E"].contains(&suffix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_positive_quantities() {
        for size in ["50Gi", "1", "1.5Ti", "10G", "100k", "1e9", "2E", "3E3"] {
            assert!(is_size(size), "{size}");
        }
        for size in ["", "Gi", "0", "0Gi", "-1Gi", "50 Gi", "50gb", "50GB", "50gi", "1.2.3Gi", "5m", "1e", "."] {
            assert!(!is_size(size), "{size}");
        }
    }
}
