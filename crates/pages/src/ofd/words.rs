//! Collects the words of a page and where they stand. Texts that go on where the last one ended
//! are one run, since writers cut lines wherever a font or a width changes.

use crate::Run;
use tiny_skia::Rect;

pub(super) struct Words {
    pub runs: Vec<Run>,
    /// How many characters may still be kept.
    left: usize,
}

impl Words {
    pub fn new(characters: usize) -> Self {
        Self { runs: Vec::new(), left: characters }
    }

    /// Whether the page has more words than are kept.
    pub fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Adds a text that fills a rectangle in millimetres.
    pub fn add(&mut self, text: &str, place: Rect) {
        let text: String = text.chars().filter(|c| !c.is_control()).take(self.left).collect();
        if text.trim().is_empty() {
            return;
        }
        self.left -= text.chars().count();
        let run = Run {
            text,
            x: f64::from(place.x()),
            y: f64::from(place.y()),
            width: f64::from(place.width()),
            height: f64::from(place.height()),
        };
        match self.runs.last_mut() {
            Some(last) if goes_on(last, &run) => {
                last.text.push_str(&run.text);
                let right = (run.x + run.width).max(last.x + last.width);
                let bottom = (run.y + run.height).max(last.y + last.height);
                last.y = last.y.min(run.y);
                last.width = right - last.x;
                last.height = bottom - last.y;
            }
            _ => self.runs.push(run),
        }
    }
}

/// Whether a run continues the line of another without a gap that a reader would see.
fn goes_on(last: &Run, next: &Run) -> bool {
    let size = last.height.min(next.height);
    let overlap = (last.y + last.height).min(next.y + next.height) - last.y.max(next.y);
    let gap = next.x - (last.x + last.width);
    overlap > size * 0.7 && last.height.max(next.height) < size * 1.5 && gap > -size * 0.3 && gap < size * 0.3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32) -> Rect {
        Rect::from_xywh(x, y, 10.0, 5.0).unwrap()
    }

    #[test]
    fn what_goes_on_is_one_run() {
        let mut words = Words::new(100);
        words.add("密", at(0.0, 0.0));
        words.add("级", at(10.5, 0.2));
        words.add("下一行", at(0.0, 7.0));
        words.add("远", at(40.0, 7.0));
        let texts: Vec<&str> = words.runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(texts, ["密级", "下一行", "远"]);
        assert!((words.runs[0].width - 20.5).abs() < 1e-3);
    }

    #[test]
    fn characters_are_bounded() {
        let mut words = Words::new(3);
        words.add("一二", at(0.0, 0.0));
        words.add("三四五", at(0.0, 7.0));
        words.add("六", at(0.0, 14.0));
        assert!(words.is_full());
        assert_eq!(words.runs.len(), 2);
        assert_eq!(words.runs[1].text, "三");
    }
}
