//! What is printed in the end: ratios, and whether they meet their goals.

/// What is held against a ratio.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing; it is there to be seen.
    Shown,
}

#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    against: String,
    ratio: f64,
    goal: Goal,
}

/// Rows as they come.
#[derive(Debug, Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a ratio of two figures, shown as it is known.
    pub fn add(&mut self, what: &str, measured: (f64, &str), against: (f64, &str), goal: Goal) {
        let row = Row {
            what: what.to_owned(),
            measured: format!("{:.1} {}", measured.0, measured.1),
            against: format!("{:.1} {}", against.0, against.1),
            ratio: measured.0 / against.0,
            goal,
        };
        eprintln!(
            "{}: {} / {} = {:.2}",
            row.what, row.measured, row.against, row.ratio
        );
        self.0.push(row);
    }

    /// Prints all of it.
    pub fn print(&self) {
        println!("| what | measured | against | ratio | goal | |\n|---|---|---|---|---|---|");
        for row in &self.0 {
            let (goal, met) = match row.goal {
                Goal::AtLeast(bound) => (format!(">= {bound}"), row.ratio >= bound),
                Goal::AtMost(bound) => (format!("<= {bound}"), row.ratio <= bound),
                Goal::Shown => ("-".to_owned(), true),
            };
            let verdict = match row.goal {
                Goal::Shown => "",
                _ if met => "met",
                _ => "missed",
            };
            println!(
                "| {} | {} | {} | {:.2} | {goal} | {verdict} |",
                row.what, row.measured, row.against, row.ratio
            );
        }
    }
}

/// The middle of some measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
