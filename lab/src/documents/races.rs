//! `docs/RACES.md`: the races by their numbers.

use kcore::races::{ALL, Race};

use super::experiments::link;
use super::text::{escape, heads, items, links_to_races, paragraphs, row};

const ABOVE: &str = "\
# The races

Comments, experiments and the other pages cite a race by its number: R1. Here is what each number stands for: who does what in
which order, what is broken then, how this laboratory proves that it happened, and which experiments show it. A and B are
tasks. `cargo run -- explain R1` shows one at the terminal. `cargo documents` writes this page from `kcore/src/races`, and tests
hold it: that no number is cited that is not here, and that each race names its experiments or says why it has none.
[TWIN](TWIN.md) says which of them a driver in safe Rust still has.

A number is never given twice, and there is no R17. R1 to R10 come of a scull device without its lock. R11 to R18 and R32 to R34
are mistakes that the drivers of the book make with their locks in place.

The sums that are spoken of hold for each kind of block (node, array, quantum) by themselves: *allocated - freed = live* and
*live - reachable = leaked*. Reachable is what a walk of the device finds.

";

/// The whole page.
pub fn render() -> String {
    let mut text = ABOVE.to_string();
    heads(&mut text, &["race", "what", "experiments"]);
    for race in ALL {
        row(&mut text, [links_to_races(&[race.id]).replace("RACES.md", ""), escape(race.title), shown(race)]);
    }
    text.extend(ALL.iter().map(|race| section(race)));
    text
}

fn section(race: &Race) -> String {
    let mut text = format!("\n## {}: {}\n\n", race.id, race.title);
    for (lead, plain) in
        [("Interleaving.", race.interleaving), ("Effect.", race.effect), ("Proof.", race.proof)]
    {
        text += &paragraphs(lead, plain);
        text.push('\n');
    }
    text += &match race.unshown {
        Some(why) => paragraphs("Experiments.", why),
        None => format!("**Experiments.** {}\n", shown(race)),
    };
    text.push('\n');
    text += items("In the books:", race.sources.iter().copied()).trim_end();
    text + "\n"
}

fn shown(race: &Race) -> String {
    let links: Vec<String> = race.shown_by().map(link).collect();
    if links.is_empty() { "none by itself".to_string() } else { links.join(", ") }
}
