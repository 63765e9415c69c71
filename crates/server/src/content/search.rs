//! Finding words in an open file: where they stand, as boxes over the page.

use jingui_pages::PageText;
use jingui_regulation::fold;
use schemars::JsonSchema;
use serde::Serialize;

/// Most hits told of one file.
const MOST: usize = 500;

/// Where the words were found once.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Hit {
    /// The page, from 1.
    page: u32,
    /// Boxes over the words. A hit that goes over the end of a line has several.
    boxes: Vec<HitBox>,
}

/// A box on a page; each number is a part of the page's width or height.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct HitBox {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// One letter as it is compared, and where it stands: run, and place of the character in the run.
type Letter = (char, usize, usize);

fn letters(page: &PageText) -> Vec<Letter> {
    let mut all = Vec::new();
    for (number, run) in page.runs.iter().enumerate() {
        for (place, character) in run.text.chars().enumerate() {
            let folded = fold::search(character.encode_utf8(&mut [0; 4]));
            all.extend(folded.chars().filter(|c| c.is_alphanumeric()).map(|c| (c, number, place)));
        }
    }
    all
}

/// All places where `typed` stands. White space parts words of which every one is looked for by itself; lines end nowhere.
pub(crate) fn hits(pages: &[PageText], sizes: &[(f64, f64)], typed: &str) -> Vec<Hit> {
    let words: Vec<Vec<char>> = typed
        .split_whitespace()
        .map(|word| fold::search(word).chars().filter(|c| c.is_alphanumeric()).collect::<Vec<_>>())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    for ((page, text), size) in (1..).zip(pages).zip(sizes) {
        let letters = letters(text);
        let mut on_page: Vec<(usize, Hit)> = Vec::new();
        for word in &words {
            for (start, window) in letters.windows(word.len()).enumerate() {
                if window.iter().map(|(c, ..)| c).eq(word) {
                    on_page.push((start, Hit { page, boxes: boxes(text, window, *size) }));
                }
            }
        }
        on_page.sort_by_key(|(start, _)| *start);
        found.extend(on_page.into_iter().map(|(_, hit)| hit));
        if found.len() >= MOST {
            found.truncate(MOST);
            break;
        }
    }
    found
}

/// How wide a character is beside a Chinese one: the narrow ones are about half as wide.
fn breadth(c: char) -> f64 {
    if c.is_ascii() { 0.5 } else { 1.0 }
}

/// A box for each line that the letters stand on; a character has its share of its line by its breadth.
fn boxes(text: &PageText, letters: &[Letter], (width, height): (f64, f64)) -> Vec<HitBox> {
    let mut boxes = Vec::new();
    for line in letters.chunk_by(|a, b| a.1 == b.1) {
        let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
        let Some(run) = text.runs.get(first.1) else { continue };
        let whole: f64 = run.text.chars().map(breadth).sum();
        let share = |place: usize| {
            run.width * run.text.chars().take(place).map(breadth).sum::<f64>() / whole.max(0.5)
        };
        let (from, to) = (share(first.2), share(last.2 + 1));
        boxes.push(HitBox {
            left: (run.x + from) / width,
            top: run.y / height,
            width: (to - from) / width,
            height: run.height / height,
        });
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;
    use jingui_pages::Run;

    fn page(lines: &[&str]) -> PageText {
        let run = |(row, text): (f64, &&str)| Run {
            text: (*text).to_owned(),
            x: 10.0,
            y: row * 10.0,
            width: 100.0,
            height: 5.0,
        };
        PageText { runs: [0.0, 1.0, 2.0].into_iter().zip(lines).map(run).collect() }
    }

    #[test]
    fn words_are_found_over_line_ends_and_however_they_are_typed() {
        let pages = [page(&["关于保密", "工作的通知"]), page(&["〔２０２６〕12号", "保密工作"])];
        let sizes = [(200.0, 100.0); 2];
        let found = hits(&pages, &sizes, "保密工作");
        assert_eq!(found.iter().map(|hit| hit.page).collect::<Vec<_>>(), [1, 2]);
        let place =
            |hit: &Hit| hit.boxes.iter().map(|one| (one.left, one.top, one.width)).collect::<Vec<_>>();
        assert_eq!(place(&found[0]), [(0.3, 0.0, 0.25), (0.05, 0.1, 0.2)]);
        assert_eq!(hits(&pages, &sizes, "2026 12").len(), 2);
        assert_eq!(hits(&pages, &sizes, "〔2026〕12号").len(), 1);
        assert_eq!(hits(&pages, &sizes, "没有"), []);
        assert_eq!(hits(&pages, &sizes, "〔〕 "), []);
    }
}
