//! How an object is drawn: its own attributes, then its drawing parameters and those that they
//! build on, then the layer's (GB/T 33190 8.2, 8.5).

use super::document::Resources;
use super::numbers;
use crate::xml::Node;
use std::rc::Rc;
use tiny_skia::{LineCap, LineJoin, Stroke, StrokeDash, Transform};

pub(super) struct Style {
    /// From the object itself to what it inherits last.
    chain: Vec<Rc<Node>>,
}

impl Style {
    /// The style of an object on a layer with drawing parameters `layer`. A circle of parameters
    /// ends with `depth`.
    pub fn of(object: &Rc<Node>, layer: Option<&str>, resources: &Resources, depth: usize) -> Self {
        let mut chain = vec![Rc::clone(object)];
        for first in [object.attribute("DrawParam"), layer].into_iter().flatten() {
            let mut next = Some(first.to_owned());
            while let Some(parameters) = next.take().and_then(|id| resources.find("DrawParam", &id)) {
                if chain.len() > depth {
                    break;
                }
                next = parameters.node.attribute("Relative").map(str::to_owned);
                chain.push(Rc::clone(&parameters.node));
            }
        }
        Self { chain }
    }

    /// The colour element of this name, `FillColor` or `StrokeColor`.
    pub fn colour(&self, name: &str) -> Option<&Rc<Node>> {
        self.chain.iter().find_map(|node| node.child(name))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.chain.iter().find_map(|node| node.attribute(name))
    }

    fn number(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).and_then(numbers::number).unwrap_or(default)
    }

    /// How lines are drawn. A width of nothing still is the thinnest line, which `scale` gives.
    pub fn stroke(&self, transform: Transform) -> Stroke {
        let dashes: Vec<f32> = self.attribute("DashPattern").map(numbers::numbers).unwrap_or_default();
        let dashes = if dashes.len() % 2 == 1 { dashes.repeat(2) } else { dashes };
        // Dashes finer than a tenth of a pixel are a solid line.
        let pixel = 1.0 / scale(transform).max(1e-6);
        let fine =
            dashes.iter().sum::<f32>() < pixel / 10.0 * numbers::float(dashes.len().try_into().unwrap_or(0));
        let dash = if fine { None } else { StrokeDash::new(dashes, self.number("DashOffset", 0.0)) };
        Stroke {
            width: self.number("LineWidth", 0.353).max(0.0),
            miter_limit: self.number("MiterLimit", 4.234).max(1.0),
            line_cap: match self.attribute("Cap") {
                Some("Round") => LineCap::Round,
                Some("Square") => LineCap::Square,
                _ => LineCap::Butt,
            },
            line_join: match self.attribute("Join") {
                Some("Round") => LineJoin::Round,
                Some("Bevel") => LineJoin::Bevel,
                _ => LineJoin::Miter,
            },
            dash,
        }
    }
}

/// How many pixels a millimetre becomes, on the whole.
pub(super) fn scale(transform: Transform) -> f32 {
    (transform.sx * transform.sy - transform.kx * transform.ky).abs().sqrt()
}
