//! Where the glyphs of a text stand (GB/T 33190 11.2 to 11.4): codes, offsets and the glyph numbers
//! that writers put in place of codes.

use super::numbers;
use crate::xml::Node;
use std::collections::HashMap;

/// Glyphs that stand on one drawing point, in the text's own coordinates.
#[derive(Debug, PartialEq)]
pub(super) struct Cluster {
    pub x: f32,
    pub y: f32,
    /// The characters that it stands for; a glyph that continues a character has none.
    pub text: String,
    /// The glyph's number in the embedded font.
    pub glyph: Option<u32>,
    /// How far the next cluster is away, where the file says so.
    pub advance: Option<(f32, f32)>,
}

/// Some codes replaced by glyphs (11.4.1).
struct Replacement {
    position: usize,
    codes: usize,
    glyphs: Vec<u32>,
}

/// The clusters of each text code of a text object. Where a file gives no offsets at all, `advance`
/// says how far a cluster moves on.
pub(super) fn layout(object: &Node, mut advance: impl FnMut(&Cluster) -> (f32, f32)) -> Vec<Vec<Cluster>> {
    let mut lines = Vec::new();
    let mut replacements: Vec<Replacement> = Vec::new();
    let (mut x, mut y) = (0.0, 0.0);
    for node in &object.children {
        match node.name.as_str() {
            "CGTransform" => replacements.extend(replacement(node)),
            "TextCode" => {
                x = node.attribute("X").and_then(numbers::number).unwrap_or(x);
                y = node.attribute("Y").and_then(numbers::number).unwrap_or(y);
                let text: Vec<char> = code(&node.text).chars().collect();
                let mut clusters = clusters(&text, &replacements);
                place(node, &mut clusters, (x, y), &mut advance);
                lines.push(clusters);
                // Positions count on through the text codes that follow.
                replacements.retain_mut(|replacement| {
                    let stays = replacement.position >= text.len();
                    replacement.position = replacement.position.saturating_sub(text.len());
                    stays
                });
            }
            _ => {}
        }
    }
    lines
}

/// Writers break lines around a text for its looks; that is no part of it, while spaces may be.
fn code(text: &str) -> String {
    if text.contains(['\n', '\r']) { text.lines().map(str::trim).collect() } else { text.to_owned() }
}

fn replacement(node: &Node) -> Option<Replacement> {
    let count = |name: &str| node.attribute(name).and_then(|count| count.parse::<usize>().ok());
    let glyphs = node.text_of("Glyphs").unwrap_or_default();
    let mut glyphs: Vec<u32> = glyphs.split_whitespace().map_while(|glyph| glyph.parse().ok()).collect();
    glyphs.truncate(count("GlyphCount").unwrap_or(1));
    let codes = count("CodeCount").unwrap_or(1).max(1);
    (!glyphs.is_empty()).then_some(Replacement { position: count("CodePosition")?, codes, glyphs })
}

/// Pairs characters with glyphs: one by one where there are as many, otherwise all characters with
/// the first glyph.
fn clusters(text: &[char], replacements: &[Replacement]) -> Vec<Cluster> {
    let cluster = |text: String, glyph| Cluster { x: 0.0, y: 0.0, text, glyph, advance: None };
    let replacements: HashMap<usize, &Replacement> =
        replacements.iter().rev().map(|replacement| (replacement.position, replacement)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(replacement) = replacements.get(&at) else {
            found.push(cluster(rest.iter().take(1).collect(), None));
            at += 1;
            continue;
        };
        let codes: String = rest.iter().take(replacement.codes).collect();
        if replacement.glyphs.len() == replacement.codes {
            let pairs = codes.chars().zip(&replacement.glyphs);
            found.extend(pairs.map(|(code, glyph)| cluster(code.into(), Some(*glyph))));
        } else {
            let mut codes = Some(codes);
            let glyphs = replacement.glyphs.iter();
            found.extend(glyphs.map(|glyph| cluster(codes.take().unwrap_or_default(), Some(*glyph))));
        }
        at += replacement.codes;
    }
    found
}

/// Puts clusters where the offsets say; the last offset goes on where there are too few.
fn place(
    node: &Node,
    clusters: &mut [Cluster],
    (mut x, mut y): (f32, f32),
    advance: &mut impl FnMut(&Cluster) -> (f32, f32),
) {
    let list = |name: &str| {
        let text = node.attribute(name)?;
        Some(numbers::offsets(text, clusters.len())).filter(|offsets| !offsets.is_empty())
    };
    let (across, down) = (list("DeltaX"), list("DeltaY"));
    let step = |offsets: &Option<Vec<f32>>, index: usize| {
        offsets
            .as_ref()
            .and_then(|offsets| offsets.get(index).or(offsets.last()))
            .copied()
            .unwrap_or_default()
    };
    let end = clusters.len().saturating_sub(1);
    for (index, cluster) in clusters.iter_mut().enumerate() {
        (cluster.x, cluster.y) = (x, y);
        if index == end {
            // After the last one the file says nothing.
            break;
        }
        let (dx, dy) = if across.is_none() && down.is_none() {
            advance(cluster)
        } else {
            (step(&across, index), step(&down, index))
        };
        cluster.advance = Some((dx, dy));
        x += dx;
        y += dy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay(object: &str) -> Vec<Vec<Cluster>> {
        layout(&crate::xml::parse("part", object.as_bytes(), 8).unwrap(), |_| (10.0, 0.0))
    }

    fn seen(clusters: &[Cluster]) -> Vec<(f32, f32, &str, Option<u32>)> {
        clusters.iter().map(|one| (one.x, one.y, one.text.as_str(), one.glyph)).collect()
    }

    #[test]
    fn offsets_move_each_glyph_and_positions_are_inherited() {
        let lines = lay(
            "<T><TextCode X='1' Y='2' DeltaX='g 2 3' DeltaY='0 1'>甲乙丙</TextCode><TextCode Y='9'>丁</TextCode></T>",
        );
        assert_eq!(seen(&lines[0]), [(1.0, 2.0, "甲", None), (4.0, 2.0, "乙", None), (7.0, 3.0, "丙", None)]);
        assert_eq!(seen(&lines[1]), [(1.0, 9.0, "丁", None)]);
    }

    #[test]
    fn without_offsets_the_font_moves_on() {
        let lines = lay("<T><TextCode X='0' Y='0'>ab</TextCode></T>");
        assert_eq!(seen(&lines[0]), [(0.0, 0.0, "a", None), (10.0, 0.0, "b", None)]);
    }

    #[test]
    fn a_line_break_around_a_text_is_no_part_of_it_but_a_space_is() {
        assert_eq!(lay("<T><TextCode>\n  ab\n</TextCode></T>")[0].len(), 2);
        assert_eq!(lay("<T><TextCode> </TextCode></T>")[0].len(), 1);
    }

    #[test]
    fn glyphs_replace_codes_one_to_one_many_to_one_and_one_to_many() {
        let lines = lay(
            "<T><CGTransform CodePosition='1' CodeCount='2' GlyphCount='1'><Glyphs>7</Glyphs></CGTransform>\
             <CGTransform CodePosition='4'><Glyphs>8</Glyphs></CGTransform>\
             <CGTransform CodePosition='5' CodeCount='1' GlyphCount='2'><Glyphs>5 6</Glyphs></CGTransform>\
             <TextCode DeltaX='1'>xfiyzw</TextCode></T>",
        );
        assert_eq!(
            seen(&lines[0]),
            [
                (0.0, 0.0, "x", None),
                (1.0, 0.0, "fi", Some(7)),
                (2.0, 0.0, "y", None),
                (3.0, 0.0, "z", Some(8)),
                (4.0, 0.0, "w", Some(5)),
                (5.0, 0.0, "", Some(6)),
            ]
        );
    }

    #[test]
    fn false_counts_do_no_harm() {
        let lines = lay(
            "<T><CGTransform CodePosition='0' CodeCount='4000000000' GlyphCount='4000000000'><Glyphs>1 2</Glyphs>\
             </CGTransform><TextCode DeltaX='g 4000000000 1'>ab</TextCode></T>",
        );
        assert_eq!(seen(&lines[0]), [(0.0, 0.0, "ab", Some(1)), (1.0, 0.0, "", Some(2))]);
    }
}
