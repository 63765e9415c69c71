//! The raster that a page is drawn on, and what of it may be drawn on. Everything here counts in
//! pixels; shapes come with the transformation that leads there.

use super::numbers;
use std::rc::Rc;
use tiny_skia::{
    FillRule, FilterQuality, IntRect, Mask, Paint, Path, PathBuilder, Pattern, Pixmap, PixmapPaint, Rect,
    Shader, SpreadMode, Stroke, Transform,
};

/// What a shape is filled or drawn with.
pub(super) enum Ink {
    Shader(Shader<'static>),
    /// A picture repeated in both directions; the transformation leads from its pixels to the shape.
    Tile {
        pixmap: Pixmap,
        transform: Transform,
        alpha: f32,
    },
}

impl Ink {
    fn paint(&self) -> Paint<'_> {
        let shader = match self {
            Self::Shader(shader) => shader.clone(),
            Self::Tile { pixmap, transform, alpha } => {
                Pattern::new(pixmap.as_ref(), SpreadMode::Repeat, FilterQuality::Bilinear, *alpha, *transform)
            }
        };
        Paint { shader, ..Paint::default() }
    }
}

struct Shape {
    path: Path,
    rule: FillRule,
    /// Whether it fills its bounds, so that whatever lies within is untouched by it.
    full: bool,
}

/// Shapes within all of which something is drawn.
#[derive(Clone, Default)]
pub(super) struct Clip(Vec<Rc<Shape>>);

impl Clip {
    /// Narrows the clip by a shape; none where nothing is left.
    pub fn within(&self, path: Path, rule: FillRule, transform: Transform) -> Option<Self> {
        let straight = transform.is_scale_translate() && is_rectangle(&path);
        let path = path.transform(transform)?;
        let mut shapes = self.0.clone();
        shapes.push(Rc::new(Shape { path, rule, full: straight }));
        Some(Self(shapes))
    }

    /// Narrows the clip by a rectangle; none where nothing is left.
    pub fn within_rectangle(&self, rectangle: Rect, transform: Transform) -> Option<Self> {
        if rectangle.width() <= 0.0 || rectangle.height() <= 0.0 {
            return None;
        }
        self.within(PathBuilder::from_rect(rectangle), FillRule::Winding, transform)
    }
}

fn is_rectangle(path: &Path) -> bool {
    let bounds = path.bounds();
    let corner = |point: &tiny_skia::Point| {
        [bounds.left(), bounds.right()].contains(&point.x)
            && [bounds.top(), bounds.bottom()].contains(&point.y)
    };
    path.len() == 5 && path.points().len() == 4 && path.points().iter().all(corner)
}

/// Pixels from the corner of the page within which things are drawn.
const FURTHEST: f32 = 100_000.0;

pub(super) struct Canvas {
    pub pixmap: Pixmap,
}

impl Canvas {
    /// A transparent canvas; none where memory for it can't be had.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        Some(Self { pixmap: Pixmap::new(width, height)? })
    }

    fn area(&self) -> Option<Rect> {
        Rect::from_xywh(0.0, 0.0, numbers::float(self.pixmap.width()), numbers::float(self.pixmap.height()))
    }

    pub fn fill(&mut self, path: &Path, rule: FillRule, transform: Transform, ink: &Ink, clip: &Clip) {
        let Some(bounds) = path.bounds().transform(transform) else { return };
        self.draw(bounds, clip, |pixmap, shift| {
            pixmap.fill_path(path, &ink.paint(), rule, transform.post_concat(shift), None);
        });
    }

    pub fn stroke(&mut self, path: &Path, stroke: &Stroke, transform: Transform, ink: &Ink, clip: &Clip) {
        let reach = stroke.width * stroke.miter_limit.clamp(1.5, 20.0);
        let bounds = path.bounds().outset(reach, reach).and_then(|bounds| bounds.transform(transform));
        let Some(bounds) = bounds else { return };
        self.draw(bounds, clip, |pixmap, shift| {
            pixmap.stroke_path(path, &ink.paint(), stroke, transform.post_concat(shift), None);
        });
    }

    /// Draws a picture on the unit square that `transform` leads to pixels.
    pub fn picture(&mut self, picture: &Pixmap, transform: Transform, alpha: f32, clip: &Clip) {
        let (width, height) = (numbers::float(picture.width()), numbers::float(picture.height()));
        let (Some(unit), Some(whole)) =
            (Rect::from_xywh(0.0, 0.0, 1.0, 1.0), Rect::from_xywh(0.0, 0.0, width, height))
        else {
            return;
        };
        let Some(bounds) = unit.transform(transform) else { return };
        let transform = transform.pre_scale(1.0 / width, 1.0 / height);
        let shader = Pattern::new(
            picture.as_ref(),
            SpreadMode::Pad,
            FilterQuality::Bilinear,
            alpha,
            Transform::identity(),
        );
        let paint = Paint { shader, ..Paint::default() };
        let path = PathBuilder::from_rect(whole);
        self.draw(bounds, clip, |pixmap, shift| {
            pixmap.fill_path(&path, &paint, FillRule::Winding, transform.post_concat(shift), None);
        });
    }

    /// Draws something that lies within `bounds` through a clip: at once where the clip doesn't
    /// touch it, otherwise aside and then through a mask no larger than what will be seen.
    fn draw(&mut self, bounds: Rect, clip: &Clip, draw: impl FnOnce(&mut Pixmap, Transform)) {
        // What reaches metres beyond the page is no drawing, and the rasteriser's numbers end somewhere.
        if [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()]
            .iter()
            .any(|edge| edge.abs() > FURTHEST)
        {
            return;
        }
        let inside = |area: Rect| bounds.outset(1.0, 1.0)?.intersect(&area);
        let Some(mut visible) = self.area().and_then(inside) else { return };
        let mut masks = Vec::new();
        for shape in &clip.0 {
            let edge = shape.path.bounds();
            let untouched = shape.full && contains(edge, visible);
            let Some(left) = visible.intersect(&edge) else { return };
            visible = left;
            if !untouched {
                masks.push(shape);
            }
        }
        if masks.is_empty() {
            return draw(&mut self.pixmap, Transform::identity());
        }
        let Some(area) = visible.round_out().and_then(|area| area.intersect(&self.pixels()?)) else { return };
        let (Some(mut aside), Some(mut mask)) =
            (Pixmap::new(area.width(), area.height()), Mask::new(area.width(), area.height()))
        else {
            return;
        };
        let corner = area.to_rect();
        let shift = Transform::from_translate(-corner.x(), -corner.y());
        draw(&mut aside, shift);
        mask.invert();
        for shape in masks {
            mask.intersect_path(&shape.path, shape.rule, true, shift);
        }
        aside.apply_mask(&mask);
        let paint = PixmapPaint::default();
        self.pixmap.draw_pixmap(area.x(), area.y(), aside.as_ref(), &paint, Transform::identity(), None);
    }

    fn pixels(&self) -> Option<IntRect> {
        IntRect::from_xywh(0, 0, self.pixmap.width(), self.pixmap.height())
    }
}

fn contains(outer: Rect, inner: Rect) -> bool {
    outer.left() <= inner.left()
        && outer.top() <= inner.top()
        && outer.right() >= inner.right()
        && outer.bottom() >= inner.bottom()
}
