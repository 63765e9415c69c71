//! Colours, colour spaces and gradients (GB/T 33190 8.3).

use super::canvas::Ink;
use super::document::{Notices, Resources};
use super::numbers;
use crate::xml::Node;
use std::rc::Rc;
use tiny_skia::{Color, GradientStop, LinearGradient, Point, RadialGradient, Shader, SpreadMode, Transform};

/// Most segments of a gradient.
const SEGMENTS: usize = 256;

/// Where colours are looked up.
pub(super) struct Colours<'a> {
    pub resources: &'a Resources,
    /// The colour space for colours that name none.
    pub default: Option<&'a str>,
}

impl Colours<'_> {
    /// A colour by its values or its place in a palette, made as transparent as `alpha` says.
    pub fn plain(&self, colour: &Node, alpha: f32) -> Color {
        let space = colour.attribute("ColorSpace").or(self.default);
        let space =
            space.and_then(|id| self.resources.find("ColorSpace", id)).map(|space| Rc::clone(&space.node));
        let index = colour.attribute("Index").and_then(|index| index.parse::<usize>().ok());
        let entry = index.and_then(|index| {
            let palette = space.as_ref()?.child("Palette")?;
            Some(palette.children.get(index)?.text.clone())
        });
        let value = entry.as_deref().or_else(|| colour.attribute("Value")).unwrap_or_default();
        let bits = space.as_ref().and_then(|space| space.attribute("BitsPerComponent")?.parse().ok());
        let largest = f32::from((1_u16 << bits.unwrap_or(8_u32).clamp(1, 15)).saturating_sub(1));
        let values: Vec<f32> = value
            .split_whitespace()
            .map_while(component)
            .map(|component| (component / largest).clamp(0.0, 1.0))
            .take(4)
            .collect();
        let (red, green, blue) = match values.as_slice() {
            [gray] => (*gray, *gray, *gray),
            [red, green, blue] => (*red, *green, *blue),
            [cyan, magenta, yellow, key] => {
                let light = |ink: f32| (1.0 - ink) * (1.0 - key);
                (light(*cyan), light(*magenta), light(*yellow))
            }
            _ => (0.0, 0.0, 0.0),
        };
        let own = colour.attribute("Alpha").and_then(numbers::number).unwrap_or(255.0) / 255.0;
        Color::from_rgba(red, green, blue, (own * alpha).clamp(0.0, 1.0)).unwrap_or(Color::BLACK)
    }

    /// A colour or a gradient; patterns are drawn elsewhere.
    pub fn ink(&self, colour: &Node, alpha: f32, notices: &mut Notices) -> Option<Ink> {
        if let Some(shade) = colour.child("AxialShd") {
            return self.axial(shade, alpha).map(Ink::Shader);
        }
        if let Some(shade) = colour.child("RadialShd") {
            return self.radial(shade, alpha).map(Ink::Shader);
        }
        // Meshes of triangles are rare; one of their colours is better than none.
        let mesh = colour.child("GouraudShd").or_else(|| colour.child("LaGouraudShd"));
        if let Some(mesh) = mesh {
            notices.insert("shading_simplified");
            let corner = mesh.all("Point").find_map(|point| point.child("Color"));
            return corner.map(|corner| Ink::Shader(Shader::SolidColor(self.plain(corner, alpha))));
        }
        Some(Ink::Shader(Shader::SolidColor(self.plain(colour, alpha))))
    }

    /// A gradient along a line (8.3.4.1).
    fn axial(&self, shade: &Node, alpha: f32) -> Option<Shader<'static>> {
        let point = |name: &str| shade.attribute(name).and_then(numbers::point);
        let (start, mut end) = (point("StartPoint")?, point("EndPoint")?);
        let mode = mode(shade);
        let length = start.distance(end);
        if let Some(unit) = unit(shade, mode).filter(|_| length > 0.0) {
            end = start + scaled(end - start, unit / length);
        }
        LinearGradient::new(start, end, self.stops(shade, mode, alpha), mode, Transform::identity())
    }

    /// A gradient between circles or ellipses (8.3.4.2).
    fn radial(&self, shade: &Node, alpha: f32) -> Option<Shader<'static>> {
        let point = |name: &str| shade.attribute(name).and_then(numbers::point);
        let number = |name: &str| shade.attribute(name).and_then(numbers::number);
        let (start, end) = (point("StartPoint")?, point("EndPoint")?);
        let (inner, mut outer) = (number("StartRadius").unwrap_or_default(), number("EndRadius")?);
        let mode = mode(shade);
        if let Some(unit) = unit(shade, mode) {
            outer = inner + unit;
        }
        // An ellipse is a circle flattened along its own axis.
        let flat = number("Eccentricity").unwrap_or_default().clamp(0.0, 0.999);
        let transform = Transform::from_translate(start.x, start.y)
            .pre_rotate(number("Angle").unwrap_or_default())
            .pre_scale(1.0, (1.0 - flat * flat).sqrt())
            .pre_translate(-start.x, -start.y);
        RadialGradient::new(start, inner, end, outer, self.stops(shade, mode, alpha), mode, transform)
    }

    fn stops(&self, shade: &Node, mode: SpreadMode, alpha: f32) -> Vec<GradientStop> {
        let segments: Vec<&Rc<Node>> = shade.all("Segment").take(SEGMENTS).collect();
        let last = numbers::float(u32::try_from(segments.len().saturating_sub(1)).unwrap_or(1).max(1));
        let mut stops = Vec::new();
        let mut place = 0.0_f32;
        for (index, segment) in (0_u16..).zip(segments) {
            let even = f32::from(index) / last;
            let own = segment.attribute("Position").and_then(numbers::number).unwrap_or(even);
            place = own.clamp(place, 1.0);
            if let Some(colour) = segment.child("Color") {
                stops.push(GradientStop::new(place, self.plain(colour, alpha)));
            }
        }
        // Beyond its ends a gradient shows nothing unless it says so.
        let extend = shade.attribute("Extend").and_then(|extend| extend.parse::<u8>().ok()).unwrap_or(0);
        if mode == SpreadMode::Pad {
            if extend & 1 == 0 && !stops.is_empty() {
                stops.insert(0, GradientStop::new(0.0, Color::TRANSPARENT));
            }
            if extend & 2 == 0 && !stops.is_empty() {
                stops.push(GradientStop::new(1.0, Color::TRANSPARENT));
            }
        }
        stops
    }
}

/// One channel, in decimal or after `#` in hexadecimal.
fn component(word: &str) -> Option<f32> {
    match word.strip_prefix('#') {
        Some(digits) => u16::from_str_radix(digits, 16).ok().map(f32::from),
        None => numbers::number(word),
    }
}

fn mode(shade: &Node) -> SpreadMode {
    match shade.attribute("MapType") {
        Some("Repeat") => SpreadMode::Repeat,
        Some("Reflect") => SpreadMode::Reflect,
        _ => SpreadMode::Pad,
    }
}

/// The length of one repetition.
fn unit(shade: &Node, mode: SpreadMode) -> Option<f32> {
    let unit = shade.attribute("MapUnit").and_then(numbers::number).filter(|unit| *unit > 0.0)?;
    (mode != SpreadMode::Pad).then_some(unit)
}

fn scaled(point: Point, factor: f32) -> Point {
    Point::from_xy(point.x * factor, point.y * factor)
}
