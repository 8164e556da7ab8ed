//! Medians, ratios and what they are aimed at.

use std::fmt::Write;

use crate::Rest;

const START_AIM: f64 = 1.3;
/// With many connections the app may take so much longer than with one.
const FULL_AIM: f64 = 1.5;
const MEMORY_AIM: f64 = 1.2;
/// Wakeups a minute that the app may add to those of an empty window.
const WAKEUP_AIM: f64 = 2.0;

/// Everything that was measured of one program.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Milliseconds from start to first paint.
    pub(crate) starts: Vec<f64>,
    open: Vec<f64>,
    hidden: Vec<f64>,
    wakeups_open: Vec<f64>,
    wakeups_hidden: Vec<f64>,
    wakeups_family: Vec<f64>,
}

impl Figures {
    /// Adds the figures of one rest.
    pub(crate) fn keep(&mut self, rest: &Rest) {
        self.open.push(rest.open);
        self.hidden.push(rest.hidden);
        self.wakeups_open.push(rest.wakeups_open);
        self.wakeups_hidden.push(rest.wakeups_hidden);
        self.wakeups_family.push(rest.wakeups_family);
    }
}

/// What a line of the table is aimed at.
enum Aim {
    /// The app's median over the floor's.
    Ratio(f64),
    /// The app's median minus the floor's.
    Excess(f64),
    /// Shown, not judged.
    None,
}

/// The table of medians.
pub(crate) fn table(app: &Figures, bare: &Figures) -> String {
    let mut text = format!("\n{:<34}{:>10}{:>14}{:>9}\n", "medians", "Latchkey", "bare window", "ratio");
    let mut line =
        |name, app: &[f64], bare: &[f64], aim| text.push_str(&row(name, median(app), median(bare), &aim));
    line("start to first paint, ms", &app.starts, &bare.starts, Aim::Ratio(START_AIM));
    line("memory with window, MiB", &app.open, &bare.open, Aim::Ratio(MEMORY_AIM));
    line("memory with window hidden, MiB", &app.hidden, &bare.hidden, Aim::Ratio(MEMORY_AIM));
    line("wakeups a minute, window", &app.wakeups_open, &bare.wakeups_open, Aim::None);
    line("wakeups a minute, hidden", &app.wakeups_hidden, &bare.wakeups_hidden, Aim::Excess(WAKEUP_AIM));
    line("  with the web view's processes", &app.wakeups_family, &bare.wakeups_family, Aim::None);
    text
}

/// The line for starts with many connections beside starts with one.
pub(crate) fn full(many: &[f64], one: &[f64]) -> String {
    let head = format!("\n{:<34}{:>10}{:>14}{:>9}\n", "medians", "many", "one", "ratio");
    head + &row("start with connections, ms", median(many), median(one), &Aim::Ratio(FULL_AIM))
}

fn row(name: &str, app: f64, bare: f64, aim: &Aim) -> String {
    let ratio = if bare > 0.0 { format!("{:.2}", app / bare) } else { "-".to_owned() };
    let mut text = format!("{name:<34}{app:>10.1}{bare:>14.1}{ratio:>9}");
    let verdict = |met: bool| if met { "met" } else { "missed" };
    // Writing to a string cannot fail.
    let _ = match aim {
        Aim::Ratio(most) => write!(text, "   aim: at most {most:.1} times, {}", verdict(app <= bare * most)),
        Aim::Excess(most) => write!(text, "   aim: at most {most:.0} more, {}", verdict(app <= bare + most)),
        Aim::None => Ok(()),
    };
    text + "\n"
}

/// The middle value; of an even number, the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_row_tells_whether_its_aim_is_met() {
        assert!(row("x", 13.0, 10.0, &Aim::Ratio(1.3)).contains("met"));
        assert!(row("x", 14.0, 10.0, &Aim::Ratio(1.3)).contains("missed"));
        assert!(row("x", 13.0, 10.0, &Aim::Excess(2.0)).contains("missed"));
        assert!(!row("x", 13.0, 10.0, &Aim::None).contains("aim"));
    }
}
