//! Quantiles, ratios and what they are aimed at.

use std::fmt::Write;

/// One figure of the engine, and the same of what it is compared with.
pub(crate) struct Row {
    /// What was measured, with its unit.
    pub(crate) what: &'static str,
    /// Of the engine.
    pub(crate) engine: f64,
    /// What it is compared with.
    pub(crate) beside: &'static str,
    /// Of that.
    pub(crate) floor: f64,
    /// What the engine's figure is aimed at.
    pub(crate) aim: Aim,
}

/// What a row is aimed at.
pub(crate) enum Aim {
    /// The engine's figure over the other.
    Ratio(f64),
    /// The engine's figure alone.
    AtMost(f64),
    /// The engine's figure minus the other.
    Excess(f64),
    /// This and nothing else.
    Exactly(f64),
    /// Shown, not judged.
    None,
}

impl Row {
    /// Whether it is as it should be.
    pub(crate) fn is_met(&self) -> bool {
        match self.aim {
            Aim::Ratio(most) => self.engine <= self.floor * most,
            Aim::AtMost(most) => self.engine <= most,
            Aim::Excess(most) => self.engine <= self.floor + most,
            Aim::Exactly(wanted) => (self.engine - wanted).abs() < f64::EPSILON,
            Aim::None => true,
        }
    }
}

/// The table of all rows.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("\n{:<44}{:>12}{:>12}  {:<20}{:>7}\n", "", "Latchkey", "beside", "", "ratio");
    for row in rows {
        let ratio = if row.floor > 0.0 { format!("{:.2}", row.engine / row.floor) } else { "-".to_owned() };
        let verdict = if row.is_met() { "met" } else { "missed" };
        let aim = match row.aim {
            Aim::Ratio(most) => format!("   aim: at most {most:.1} times, {verdict}"),
            Aim::AtMost(most) => format!("   aim: at most {most:.0}, {verdict}"),
            Aim::Excess(most) => format!("   aim: at most {most:.0} more, {verdict}"),
            Aim::Exactly(wanted) => format!("   aim: {wanted:.0}, {verdict}"),
            Aim::None => String::new(),
        };
        let Row { what, engine, beside, floor, .. } = row;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{what:<44}{engine:>12.2}{floor:>12.2}  {beside:<20}{ratio:>7}{aim}");
    }
    text
}

/// The value below which this share of all values lies.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an index into a list of thousands"
    )]
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}
