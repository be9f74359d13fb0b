//! The canonical form of quantities, in which the API server stores them.

/// `1024Mi` as `1Gi`, `1000m` as `1`; what is no quantity stays as it is. Source: `resource.Quantity.CanonicalizeBytes`.
pub fn canonical(text: &str) -> String {
    read(text).unwrap_or_else(|| text.to_owned())
}

fn read(text: &str) -> Option<String> {
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [(&str, u32); 10] =
        [("n", 0), ("u", 3), ("m", 6), ("", 9), ("k", 12), ("M", 15), ("G", 18), ("T", 21), ("P", 24), ("E", 27)];
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let decimals = u32::try_from(fraction.len()).ok()?;
    if let Some(power) = BINARY.iter().skip(1).position(|unit| *unit == suffix) {
        let scaled = digits.checked_mul(1024_i128.checked_pow(u32::try_from(power).ok()? + 1)?)?;
        let divisor = 10_i128.checked_pow(decimals)?;
        let mut bytes = (scaled + divisor - 1) / divisor;
        let mut units = BINARY.iter();
        let mut unit = units.next()?;
        while bytes != 0 && bytes % 1024 == 0 && units.len() > 0 {
            bytes /= 1024;
            unit = units.next()?;
        }
        return Some(format!("{bytes}{unit}"));
    }
    let (_, exponent) = DECIMAL.iter().find(|(unit, _)| *unit == suffix)?;
    let mut nano = digits.checked_mul(10_i128.checked_pow(exponent.checked_sub(decimals)?)?)?;
    let mut units = DECIMAL.iter();
    let &(mut unit, _) = units.next()?;
    while nano != 0 && nano % 1000 == 0 && units.len() > 0 {
        nano /= 1000;
        (unit, _) = *units.next()?;
    }
    Some(if nano == 0 { "0".to_owned() } else { format!("{nano}{unit}") })
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn quantities_are_written_in_the_largest_unit() {
        let cases = [
            ("1024Mi", "1Gi"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("100m", "100m"),
            ("2", "2"),
            ("1000", "1k"),
            ("0", "0"),
            ("25%", "25%"),
            ("1e3", "1e3"),
            ("1.50", "1500m"),
            ("512Mi", "512Mi"),
        ];
        for (given, stored) in cases {
            assert_eq!(canonical(given), stored, "{given}");
        }
    }
}
