//! Characters and where each stands, put together to runs: lines, or the cells of a table's row.

use crate::{PageText, Run};

/// A drawn character: its text (a ligature has several letters, an unknown glyph none) and its box
/// in millimetres.
pub struct Glyph {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Collects characters in the order in which they are drawn.
pub struct Lines {
    runs: Vec<Run>,
    open: Option<Open>,
    /// The text and place of the strings drawn last, to tell a string drawn twice (filled, then
    /// outlined, to look bold) from one written twice.
    last: Option<(String, f64, f64)>,
    characters_left: usize,
}

struct Open {
    run: Run,
    previous: Glyph,
    down: bool,
}

impl Lines {
    pub fn new(most_characters: usize) -> Self {
        Self { runs: Vec::new(), open: None, last: None, characters_left: most_characters }
    }

    /// Adds what one drawing operation shows; `down` where the characters stand below each other.
    pub fn run(&mut self, glyphs: Vec<Glyph>, down: bool) {
        let Some(first) = glyphs.first() else { return };
        let text: String = glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
        let (x, y, near) = (first.x, first.y, first.height.max(first.width) * 0.2);
        if self
            .last
            .as_ref()
            .is_some_and(|last| last.0 == text && (last.1 - x).abs() < near && (last.2 - y).abs() < near)
        {
            return;
        }
        self.last = Some((text, x, y));
        for glyph in glyphs {
            self.glyph(glyph, down);
        }
    }

    fn glyph(&mut self, glyph: Glyph, down: bool) {
        let characters = glyph.text.chars().count();
        if characters > self.characters_left
            || ![glyph.x, glyph.y, glyph.width, glyph.height].iter().all(|n| n.is_finite())
        {
            return;
        }
        self.characters_left -= characters;
        // Control characters say nothing, and white space is white space.
        let text: String = glyph
            .text
            .chars()
            .filter(|c| !c.is_control() || c.is_whitespace())
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .collect();
        let glyph = Glyph { text, ..glyph };
        match &mut self.open {
            Some(open) if open.continues(&glyph, down) => open.push(glyph),
            _ => {
                self.close();
                let run = Run {
                    text: glyph.text.clone(),
                    x: glyph.x,
                    y: glyph.y,
                    width: glyph.width,
                    height: glyph.height,
                };
                self.open = Some(Open { run, previous: glyph, down });
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take()
            && !open.run.text.trim().is_empty()
        {
            self.runs.push(open.run);
        }
    }

    /// The runs, once everything is collected.
    pub fn finish(mut self) -> PageText {
        self.close();
        PageText { runs: self.runs }
    }
}

impl Open {
    /// How far `next` stands from the character before it along the line, in the size of that
    /// character; none where it isn't on the line.
    fn gap(&self, next: &Glyph) -> Option<f64> {
        let before = &self.previous;
        let (along, size, across) = if self.down {
            let below = next.y - (before.y + before.height);
            let above = before.y - (next.y + next.height);
            (below.max(above), before.width, overlap(before.x, before.width, next.x, next.width))
        } else {
            (
                next.x - (before.x + before.width),
                before.height,
                overlap(before.y, before.height, next.y, next.height),
            )
        };
        (across > 0.5 && size > 0.0).then(|| along / size)
    }

    fn continues(&self, next: &Glyph, down: bool) -> bool {
        down == self.down && self.gap(next).is_some_and(|gap| (-0.5..1.0).contains(&gap))
    }

    fn push(&mut self, glyph: Glyph) {
        // Latin words are often parted by a gap alone; Chinese characters by nothing.
        let apart = self.gap(&glyph).is_some_and(|gap| gap > 0.15);
        let text = &mut self.run.text;
        let letters = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && u32::from(c) < 0x2E80);
        if apart && letters(text.chars().next_back()) && letters(glyph.text.chars().next()) {
            text.push(' ');
        }
        text.push_str(&glyph.text);
        let run = &mut self.run;
        let (right, bottom) = (run.x + run.width, run.y + run.height);
        run.x = run.x.min(glyph.x);
        run.y = run.y.min(glyph.y);
        run.width = right.max(glyph.x + glyph.width) - run.x;
        run.height = bottom.max(glyph.y + glyph.height) - run.y;
        self.previous = glyph;
    }
}

/// How much of the smaller of two spans lies within the other.
fn overlap(a: f64, a_length: f64, b: f64, b_length: f64) -> f64 {
    let shared = (a + a_length).min(b + b_length) - a.max(b);
    shared / a_length.min(b_length).max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphs(text: &str, x: f64, y: f64) -> Vec<Glyph> {
        let places = std::iter::successors(Some(x), |x| Some(x + 4.0));
        text.chars()
            .zip(places)
            .map(|(c, x)| Glyph { text: c.to_string(), x, y, width: 4.0, height: 4.0 })
            .collect()
    }

    fn lines(runs: Vec<Vec<Glyph>>) -> Vec<Run> {
        let mut lines = Lines::new(1000);
        for run in runs {
            lines.run(run, false);
        }
        lines.finish().runs
    }

    #[test]
    fn what_continues_a_line_is_one_run() {
        let runs =
            lines(vec![glyphs("关于", 10.0, 20.0), glyphs("会议", 18.5, 20.0), glyphs("通知", 10.0, 26.0)]);
        let texts: Vec<&str> = runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(texts, ["关于会议", "通知"]);
        assert_eq!((runs[0].x, runs[0].y, runs[0].width, runs[0].height), (10.0, 20.0, 16.5, 4.0));
    }

    #[test]
    fn a_gap_parts_words_but_not_chinese_characters() {
        let runs = lines(vec![glyphs("ab", 10.0, 20.0), glyphs("cd", 19.0, 20.0)]);
        assert_eq!(runs[0].text, "ab cd");
        let runs = lines(vec![glyphs("甲", 10.0, 20.0), glyphs("乙", 15.0, 20.0), glyphs("丙", 40.0, 20.0)]);
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].text, "甲乙");
    }

    #[test]
    fn a_string_drawn_twice_in_one_place_is_read_once() {
        let runs = lines(vec![glyphs("绝密", 10.0, 20.0), glyphs("绝密", 10.1, 20.0)]);
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].text, "绝密");
    }

    #[test]
    fn only_so_much_is_kept() {
        let mut lines = Lines::new(3);
        lines.run(glyphs("一二三四五", 0.0, 0.0), false);
        assert_eq!(lines.finish().plain(), "一二三");
    }
}
