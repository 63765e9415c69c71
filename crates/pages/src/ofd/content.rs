//! Goes through the content of a page, from the lowest layer to the highest, and draws it or
//! collects its words (GB/T 33190 7.7, 8 to 13, 15).

use super::canvas::{Canvas, Clip, Ink};
use super::colour::Colours;
use super::document::{PageAt, Resources, Stamp, area};
use super::numbers;
use super::package::folder;
use super::path;
use super::picture;
use super::stock::Stock;
use super::style::{Style, scale};
use super::text::{self, Cluster};
use super::typeface::{Chosen, Typeface};
use super::words::Words;
use crate::Fault;
use crate::xml::Node;
use std::rc::Rc;
use tiny_skia::{FillRule, Path, PathBuilder, Point, Rect, Transform};

/// Most objects that are drawn for one page. Composite objects multiply each other, so that a
/// small file can ask for any number.
const OBJECTS: usize = 300_000;
/// How far a text may reach over its boundary, in ems: the glyphs that stand in for a font's are
/// not the ones that the writer measured.
const GRACE: f32 = 0.5;
/// How much wider a stroke becomes where boldness is made, in ems.
const BOLDNESS: f32 = 0.03;
/// How far glyphs lean where slant is made.
const SLANT: f32 = -0.21;

/// What comes of the content.
pub(super) enum Target {
    Canvas(Canvas),
    Words(Words),
}

pub(super) struct Walk<'a> {
    stock: &'a mut Stock,
    page: &'a PageAt,
    pub target: Target,
    /// Objects that may still be drawn.
    left: usize,
    /// Whether this is the cell of a pattern, in which no other pattern is drawn.
    cell: bool,
}

/// What surrounds an object.
#[derive(Clone)]
struct Context {
    resources: Rc<Resources>,
    /// From the coordinates of what surrounds the object to the target's.
    transform: Transform,
    clip: Clip,
    alpha: f32,
    /// The layer's drawing parameters.
    parameters: Option<String>,
    depth: usize,
}

/// An object's own place in what surrounds it.
struct Place {
    boundary: Option<Rect>,
    /// From the surroundings, moved to the boundary's corner, to the target.
    outer: Transform,
    /// From the object's own coordinates to the target.
    inner: Transform,
    clip: Clip,
    alpha: f32,
}

impl<'a> Walk<'a> {
    pub fn new(stock: &'a mut Stock, page: &'a PageAt, target: Target) -> Self {
        Self { stock, page, target, left: OBJECTS, cell: false }
    }

    /// Goes through a page: templates, layers, annotations and seals.
    ///
    /// # Errors
    /// When the page itself can't be read. What else can't be is left out and told.
    pub fn page(&mut self, transform: Transform) -> Result<(), Fault> {
        let root = self.stock.page(&self.page.file)?;
        let volume = Rc::clone(&self.page.volume);
        let mut layers = Vec::new();
        for template in root.all("Template") {
            let file = template.attribute("TemplateID").and_then(|id| volume.templates.get(id));
            let Some(Ok(content)) = file.map(|file| self.stock.package.xml(file)) else {
                self.tell("content_left_out");
                continue;
            };
            let rank = rank(template.attribute("ZOrder").or(Some("Background")));
            let resources = self.resources(&content, file.map_or("", |file| folder(file)));
            let found = content.child("Content").map(|content| content.children.clone()).unwrap_or_default();
            layers.extend(found.into_iter().map(|layer| (rank, layer, Rc::clone(&resources))));
        }
        let resources = self.resources(&root, folder(&self.page.file));
        for layer in root.child("Content").iter().flat_map(|content| &content.children) {
            layers.push((rank(layer.attribute("Type")), Rc::clone(layer), Rc::clone(&resources)));
        }
        layers.sort_by_key(|(rank, ..)| *rank);

        let origin = area(root.child("Area"))
            .or(volume.area)
            .map_or(Point::zero(), |area| Point::from_xy(area.x(), area.y()));
        let base = Context {
            resources: Rc::clone(&volume.resources),
            transform: transform.pre_translate(-origin.x, -origin.y),
            clip: Clip::default(),
            alpha: 1.0,
            parameters: None,
            depth: 0,
        };
        for (_, layer, resources) in layers {
            let parameters = layer.attribute("DrawParam").map(str::to_owned);
            self.block(&layer, &Context { resources, parameters, ..base.clone() });
        }
        for file in volume.annotations.get(&self.page.id).into_iter().flatten() {
            match self.stock.package.xml(file) {
                Ok(annotations) => self.annotations(&annotations, &base),
                Err(_) => self.tell("content_left_out"),
            }
        }
        for stamp in volume.stamps.get(&self.page.id).into_iter().flatten() {
            self.stamp(stamp, &base);
        }
        Ok(())
    }

    fn tell(&mut self, notice: &'static str) {
        self.stock.notices.insert(notice);
    }

    /// A page's own resources, before those of its document.
    fn resources(&mut self, root: &Node, base: &str) -> Rc<Resources> {
        let parent = Rc::clone(&self.page.volume.resources);
        let mut locations = root.all("PageRes").map(|node| node.text.as_str()).peekable();
        if locations.peek().is_none() {
            return parent;
        }
        let (package, notices) = (&mut self.stock.package, &mut self.stock.notices);
        Rc::new(Resources::read(package, base, locations, Some(parent), notices))
    }

    /// What annotations look like (15.2).
    fn annotations(&mut self, root: &Node, base: &Context) {
        for annotation in root.all("Annot") {
            let Some(appearance) = annotation.child("Appearance") else { continue };
            if annotation.flag("Visible", true)
                && let Some(place) = self.place(appearance, base, 0.0)
            {
                self.block(appearance, &Context { transform: place.outer, clip: place.clip, ..base.clone() });
            }
        }
    }

    /// The objects of a layer, a block, an appearance or a composite unit.
    fn block(&mut self, block: &Node, context: &Context) {
        if context.depth > self.stock.bounds.depth {
            return self.tell("content_left_out");
        }
        let deeper = Context { depth: context.depth + 1, ..context.clone() };
        for node in &block.children {
            if self.left == 0 {
                return self.tell("content_left_out");
            }
            self.left -= 1;
            match node.name.as_str() {
                "PageBlock" | "Layer" => self.block(node, &deeper),
                "TextObject" => self.text(node, &deeper),
                "PathObject" => self.path(node, &deeper),
                "ImageObject" => self.image(node, &deeper),
                "CompositeObject" => self.composite(node, &deeper),
                _ => {}
            }
        }
    }

    /// Where an object stands and what of it shows; none where nothing does. Its boundary counts
    /// with `grace` millimetres around it.
    fn place(&mut self, object: &Node, context: &Context, grace: f32) -> Option<Place> {
        if !object.flag("Visible", true) {
            return None;
        }
        let boundary = object.attribute("Boundary").and_then(numbers::rectangle);
        let mut clip = context.clip.clone();
        let mut outer = context.transform;
        if let Some(boundary) = boundary {
            let (x, y) = (boundary.x() - grace, boundary.y() - grace);
            let (width, height) = (boundary.width() + 2.0 * grace, boundary.height() + 2.0 * grace);
            clip = clip.within_rectangle(Rect::from_xywh(x, y, width, height)?, outer)?;
            outer = outer.pre_translate(boundary.x(), boundary.y());
        }
        let own = object.attribute("CTM").and_then(numbers::matrix).unwrap_or_default();
        let inner = outer.pre_concat(own);
        let alpha = object.attribute("Alpha").and_then(numbers::number).unwrap_or(255.0) / 255.0;
        let alpha = context.alpha * alpha.clamp(0.0, 1.0);
        let place = Place { boundary, outer, inner, clip, alpha };
        if place.inner.is_finite() { self.clipped(object, place, context) } else { None }
    }

    /// Narrows a place by the object's clips (8.4): within each of them, and there within any of
    /// its areas.
    fn clipped(&mut self, object: &Node, mut place: Place, context: &Context) -> Option<Place> {
        let Some(clips) = object.child("Clips") else { return Some(place) };
        let base = if clips.flag("TransFlag", true) { place.inner } else { place.outer };
        for clip in clips.all("Clip") {
            let mut all = PathBuilder::new();
            let mut rule = FillRule::Winding;
            for area in clip.all("Area") {
                let turn = area.attribute("CTM").and_then(numbers::matrix).unwrap_or_default();
                for shape in &area.children {
                    let corner = shape.attribute("Boundary").and_then(numbers::rectangle);
                    let corner =
                        corner.map_or(Point::zero(), |corner| Point::from_xy(corner.x(), corner.y()));
                    let own = shape.attribute("CTM").and_then(numbers::matrix).unwrap_or_default();
                    let turn = turn.pre_translate(corner.x, corner.y).pre_concat(own);
                    let outline = match shape.name.as_str() {
                        "Path" => {
                            rule = self::rule(shape);
                            shape.text_of("AbbreviatedData").and_then(path::parse)
                        }
                        "Text" => self.lettering(shape, context).and_then(|lettering| lettering.outline),
                        _ => None,
                    };
                    if let Some(outline) = outline.and_then(|outline| outline.transform(turn)) {
                        all.push_path(&outline);
                    }
                }
            }
            place.clip = place.clip.within(all.finish()?, rule, base)?;
        }
        Some(place)
    }

    fn ink(&mut self, colour: &Node, alpha: f32, inner: Transform, context: &Context) -> Option<Ink> {
        if let Some(pattern) = colour.child("Pattern") {
            return self.pattern(pattern, alpha, inner, context);
        }
        let default = self.page.volume.default_colours.as_deref();
        Colours { resources: &context.resources, default }.ink(colour, alpha, &mut self.stock.notices)
    }

    /// A path (9). Without a colour of its own its inside shows nothing and its line is black.
    fn path(&mut self, object: &Rc<Node>, context: &Context) {
        if matches!(self.target, Target::Words(_)) {
            return;
        }
        let style =
            Style::of(object, context.parameters.as_deref(), &context.resources, self.stock.bounds.depth);
        let stroke = object.flag("Stroke", true).then(|| style.stroke(context.transform));
        let grace = stroke.as_ref().map_or(0.0, |stroke| stroke.width / 2.0);
        let Some(place) = self.place(object, context, grace) else { return };
        let Some(outline) = object.text_of("AbbreviatedData").and_then(path::parse) else { return };
        if object.flag("Fill", false)
            && let Some(colour) = style.colour("FillColor")
            && let Some(ink) = self.ink(colour, place.alpha, place.inner, context)
            && let Target::Canvas(canvas) = &mut self.target
        {
            canvas.fill(&outline, rule(object), place.inner, &ink, &place.clip);
        }
        if let Some(stroke) = stroke {
            let black = Rc::new(Node::default());
            let colour = Rc::clone(style.colour("StrokeColor").unwrap_or(&black));
            if let Some(ink) = self.ink(&colour, place.alpha, place.inner, context)
                && let Target::Canvas(canvas) = &mut self.target
            {
                canvas.stroke(&outline, &stroke, place.inner, &ink, &place.clip);
            }
        }
    }

    /// A text (11).
    fn text(&mut self, object: &Rc<Node>, context: &Context) {
        let size = object.attribute("Size").and_then(numbers::number).unwrap_or_default();
        // A writer's boundary is in the surroundings' millimetres, the size in the text's own.
        let own = object.attribute("CTM").and_then(numbers::matrix).unwrap_or_default();
        let Some(place) = self.place(object, context, (size * scale(own)).abs() * GRACE) else { return };
        let Some(lettering) = self.lettering(object, context) else { return };
        match &mut self.target {
            Target::Words(words) => {
                for (text, cells) in &lettering.lines {
                    if let Some(area) = cells.and_then(|cells| cells.transform(place.inner)) {
                        words.add(text, area);
                    }
                }
                return;
            }
            Target::Canvas(_) => {}
        }
        let Some(outline) = lettering.outline else { return };
        let style =
            Style::of(object, context.parameters.as_deref(), &context.resources, self.stock.bounds.depth);
        if object.flag("Fill", true) {
            let black = Rc::new(Node::default());
            let colour = Rc::clone(style.colour("FillColor").unwrap_or(&black));
            if let Some(ink) = self.ink(&colour, place.alpha, place.inner, context)
                && let Target::Canvas(canvas) = &mut self.target
            {
                canvas.fill(&outline, FillRule::Winding, place.inner, &ink, &place.clip);
                if lettering.embolden {
                    let stroke = tiny_skia::Stroke { width: size * BOLDNESS, ..Default::default() };
                    canvas.stroke(&outline, &stroke, place.inner, &ink, &place.clip);
                }
            }
        }
        if object.flag("Stroke", false)
            && let Some(colour) = style.colour("StrokeColor")
            && let Some(ink) = self.ink(colour, place.alpha, place.inner, context)
            && let Target::Canvas(canvas) = &mut self.target
        {
            canvas.stroke(&outline, &style.stroke(place.inner), place.inner, &ink, &place.clip);
        }
    }

    /// The glyphs of a text, in its own coordinates.
    fn lettering(&mut self, object: &Node, context: &Context) -> Option<Lettering> {
        let number = |name: &str| object.attribute(name).and_then(numbers::number);
        let size = number("Size").filter(|size| *size > 0.0)?;
        let wide = number("HScale").unwrap_or(1.0).clamp(-100.0, 100.0);
        let reading = number("ReadDirection").unwrap_or_default();
        let turned = number("CharDirection").unwrap_or_default();
        let typeface = self.stock.typeface(object.attribute("Font").unwrap_or_default(), &context.resources);
        let mut shaper = Shaper {
            heavy: number("Weight").unwrap_or(400.0) >= 600.0,
            slant: object.flag("Italic", false),
            glyph: Transform::from_rotate(turned).pre_scale(size * wide, size),
            stock: self.stock,
            typeface,
            outline: PathBuilder::new(),
            embolden: false,
        };
        let lines = text::layout(object, |cluster| {
            let advance = shaper.advance(cluster) * size * wide;
            let (sin, cos) = reading.to_radians().sin_cos();
            (advance * cos, advance * sin)
        });
        let draws = matches!(self.target, Target::Canvas(_)) || object.name == "Text";
        let mut found = Vec::new();
        for line in lines {
            if draws {
                for cluster in &line {
                    shaper.cluster(cluster);
                }
            }
            let cells = cells(&line, shaper.glyph);
            found.push((line.into_iter().map(|cluster| cluster.text).collect(), cells));
        }
        Some(Lettering { lines: found, embolden: shaper.embolden, outline: shaper.outline.finish() })
    }

    /// A picture (10) on the unit square, or on its boundary where nothing leads from one to the other.
    fn image(&mut self, object: &Node, context: &Context) {
        if matches!(self.target, Target::Words(_)) {
            return;
        }
        let Some(place) = self.place(object, context, 0.0) else { return };
        let transform = match (object.attribute("CTM"), place.boundary) {
            (None, Some(boundary)) => place.outer.pre_scale(boundary.width(), boundary.height()),
            _ => place.inner,
        };
        let media = |name: &str| {
            let resource = context.resources.find("MultiMedia", object.attribute(name)?)?;
            Some((resource.folder.clone(), resource.node.text_of("MediaFile")?.to_owned()))
        };
        let mask = media("ImageMask");
        let image = media("ResourceID").and_then(|(folder, location)| self.stock.picture(&folder, &location));
        let mask = mask.and_then(|(folder, location)| self.stock.picture(&folder, &location));
        let Some(image) = image else { return self.tell("picture_not_shown") };
        let image = match mask {
            Some(mask) => Rc::new(picture::masked((*image).clone(), &mask)),
            None => image,
        };
        self.show(&image, transform, place.alpha, &place.clip);
        self.border(object, &place, context);
    }

    /// Draws a decoded picture on the unit square.
    fn show(&mut self, image: &image::RgbaImage, transform: Transform, alpha: f32, clip: &Clip) {
        let (width, height) = (transform.sx.hypot(transform.ky), transform.sy.hypot(transform.kx));
        if let Target::Canvas(canvas) = &mut self.target
            && let Some(ready) = picture::ready(image, width, height)
        {
            canvas.picture(&ready, transform, alpha, clip);
        }
    }

    /// The line around a picture (10).
    fn border(&mut self, object: &Node, place: &Place, context: &Context) {
        let (Some(border), Some(boundary)) = (object.child("Border"), place.boundary) else { return };
        let stroke = Style::of(border, None, &context.resources, 1).stroke(place.outer);
        let black = Rc::new(Node::default());
        let colour = border.child("BorderColor").unwrap_or(&black);
        let outline =
            Rect::from_xywh(0.0, 0.0, boundary.width(), boundary.height()).map(PathBuilder::from_rect);
        if let (Some(outline), Some(ink)) = (outline, self.ink(colour, place.alpha, place.outer, context))
            && let Target::Canvas(canvas) = &mut self.target
        {
            canvas.stroke(&outline, &stroke, place.outer, &ink, &place.clip);
        }
    }

    /// A composite object (13): content that stands among the resources.
    fn composite(&mut self, object: &Node, context: &Context) {
        let Some(place) = self.place(object, context, 0.0) else { return };
        let unit = object.attribute("ResourceID").and_then(|id| {
            let unit = context.resources.find("CompositeGraphicUnit", id)?;
            unit.node.child("Content").map(Rc::clone)
        });
        let Some(unit) = unit else { return self.tell("content_left_out") };
        let inner =
            Context { transform: place.inner, clip: place.clip, alpha: place.alpha, ..context.clone() };
        self.block(&unit, &inner);
    }

    /// A pattern (8.3.3): a cell drawn once and repeated.
    fn pattern(&mut self, pattern: &Node, alpha: f32, inner: Transform, context: &Context) -> Option<Ink> {
        let number =
            |name: &str| pattern.attribute(name).and_then(numbers::number).filter(|number| *number > 0.0);
        if self.cell {
            self.tell("content_left_out");
            return None;
        }
        let (width, height) = (number("Width")?, number("Height")?);
        let (step_x, step_y) =
            (number("XStep").unwrap_or(width).max(width), number("YStep").unwrap_or(height).max(height));
        let own = pattern.attribute("CTM").and_then(numbers::matrix).unwrap_or_default();
        // A pattern starts at its object or at the page.
        let base = if pattern.attribute("RelativeTo") == Some("Page") {
            inner.invert()?.pre_concat(context.transform).pre_concat(own)
        } else {
            own
        };
        let Target::Canvas(canvas) = &self.target else { return None };
        let fine = scale(inner.pre_concat(base)).clamp(1e-3, 1e3);
        let columns = numbers::pixels(step_x * fine).min(canvas.pixmap.width().max(64));
        let rows = numbers::pixels(step_y * fine).min(canvas.pixmap.height().max(64));
        let (per_x, per_y) = (numbers::float(columns) / step_x, numbers::float(rows) / step_y);
        let cell = pattern.child("CellContent").map(Rc::clone)?;
        let transform = Transform::from_scale(per_x, per_y);
        let clip = Clip::default().within_rectangle(Rect::from_xywh(0.0, 0.0, width, height)?, transform)?;
        let mut walk = Walk {
            stock: self.stock,
            page: self.page,
            target: Target::Canvas(Canvas::new(columns, rows)?),
            left: self.left,
            cell: true,
        };
        walk.block(
            &cell,
            &Context { transform, clip, alpha: 1.0, depth: context.depth + 1, ..context.clone() },
        );
        self.left = walk.left;
        let Target::Canvas(Canvas { pixmap }) = walk.target else { return None };
        let transform = base.pre_scale(1.0 / per_x, 1.0 / per_y);
        Some(Ink::Tile { pixmap, transform, alpha })
    }

    /// The picture of a seal (18.2.3).
    fn stamp(&mut self, stamp: &Stamp, base: &Context) {
        if matches!(self.target, Target::Words(_)) {
            return;
        }
        let corner = base.transform.pre_translate(stamp.boundary.x(), stamp.boundary.y());
        let Some(mut clip) = base.clip.within_rectangle(stamp.boundary, base.transform) else { return };
        if let Some(part) = stamp.clip {
            let Some(narrower) = clip.within_rectangle(part, corner) else { return };
            clip = narrower;
        }
        let transform = corner.pre_scale(stamp.boundary.width(), stamp.boundary.height());
        match self.stock.seal(&stamp.picture, transform.sx.hypot(transform.ky)) {
            Some(image) => self.show(&image, transform, 1.0, &clip),
            None => self.tell("picture_not_shown"),
        }
    }
}

/// The glyphs of a text.
struct Lettering {
    /// The words of each text code and the rectangle that they fill.
    lines: Vec<(String, Option<Rect>)>,
    outline: Option<Path>,
    /// Whether the outline must be made bold.
    embolden: bool,
}

/// Puts glyphs together.
struct Shaper<'a> {
    stock: &'a mut Stock,
    typeface: Rc<Typeface>,
    /// From a glyph on an em of one to the text's coordinates, but for its place.
    glyph: Transform,
    heavy: bool,
    slant: bool,
    outline: PathBuilder,
    embolden: bool,
}

impl Shaper<'_> {
    fn choose(&mut self, character: char) -> Option<Chosen> {
        let stock = &mut *self.stock;
        self.typeface.choose(character, &stock.fonts, &mut stock.loaded, &mut stock.notices)
    }

    /// How far a cluster moves on where the file doesn't say, in ems.
    fn advance(&mut self, cluster: &Cluster) -> f32 {
        if let (Some(glyph), Some(embedded)) = (cluster.glyph, self.typeface.embedded()) {
            return embedded.face.advance(glyph);
        }
        let mut moved = 0.0;
        for character in cluster.text.chars().filter(|character| !character.is_control()) {
            moved += self.choose(character).map_or(1.0, |chosen| chosen.face.advance(chosen.glyph));
        }
        moved
    }

    /// Adds the glyphs that stand on one point. Numbers of glyphs mean nothing in another font than
    /// the file's own; there the characters are drawn, one after the other.
    fn cluster(&mut self, cluster: &Cluster) {
        let mut at = Transform::from_translate(cluster.x, cluster.y).pre_concat(self.glyph);
        if let (Some(glyph), Some(embedded)) = (cluster.glyph, self.typeface.embedded()) {
            return self.add(&Chosen { glyph, ..embedded }, at);
        }
        let mut chosen = Vec::new();
        for character in cluster.text.chars() {
            if !character.is_whitespace() && !character.is_control() {
                chosen.push(self.choose(character));
            }
        }
        let wide = |one: &Option<Chosen>| one.as_ref().map_or(1.0, |one| one.face.advance(one.glyph));
        let total: f32 = chosen.iter().map(wide).sum();
        // A glyph of another font is fitted to the room that its own font's would have taken, and
        // stands in the middle where that is half an em, as Chinese fonts' letters do.
        if chosen.iter().flatten().any(|one| one.foreign)
            && let Some(room) = room(cluster, self.glyph)
        {
            if total > room {
                at = at.pre_scale(room / total, 1.0);
            } else if room < 0.6 {
                at = at.pre_translate((room - total) / 2.0, 0.0);
            }
        }
        for one in chosen {
            let moved = wide(&one);
            match one {
                Some(one) => self.add(&one, at),
                None => self.missing(at),
            }
            at = at.pre_translate(moved, 0.0);
        }
    }

    fn add(&mut self, chosen: &Chosen, at: Transform) {
        let slant = chosen.slant || (self.slant && !chosen.face.italic);
        let at = if slant { at.pre_concat(Transform::from_row(1.0, 0.0, SLANT, 1.0, 0.0, 0.0)) } else { at };
        self.embolden |= chosen.embolden || (self.heavy && !chosen.face.bold);
        let outline = chosen.face.outline(chosen.glyph);
        if let Some(outline) = outline.and_then(|outline| (*outline).clone().transform(at)) {
            self.outline.push_path(&outline);
        }
    }

    /// A box where no font has the character: something stood here.
    fn missing(&mut self, at: Transform) {
        let mut outline = PathBuilder::new();
        let (outside, inside) = ([0.08, -0.8, 0.92, 0.08], [0.13, -0.75, 0.87, 0.03]);
        let [left, top, right, bottom] = outside;
        for (x, y) in [(left, top), (right, top), (right, bottom), (left, bottom)] {
            if outline.is_empty() { outline.move_to(x, y) } else { outline.line_to(x, y) }
        }
        outline.close();
        // The other way round, so that it is a hole.
        let [left, top, right, bottom] = inside;
        outline.move_to(left, top);
        for (x, y) in [(left, bottom), (right, bottom), (right, top)] {
            outline.line_to(x, y);
        }
        outline.close();
        if let Some(outline) = outline.finish().and_then(|outline| outline.transform(at)) {
            self.outline.push_path(&outline);
        }
    }
}

/// How far the next cluster is away along the line on which glyphs stand, in ems.
fn room(cluster: &Cluster, glyph: Transform) -> Option<f32> {
    let (dx, dy) = cluster.advance?;
    let mut offset = Point::from_xy(dx, dy);
    glyph.invert()?.map_point(&mut offset);
    Some(offset.x).filter(|room| *room > 0.01)
}

/// The rectangle that a line's characters fill, each a cell of an em's height.
fn cells(line: &[Cluster], glyph: Transform) -> Option<Rect> {
    let corners = line.iter().flat_map(|cluster| {
        let ems: f32 =
            cluster.text.chars().map(|character| if character.is_ascii() { 0.5 } else { 1.0 }).sum();
        let wide = room(cluster, glyph).map_or(ems, |room| room.min(ems.max(0.1) * 1.5));
        let at = Transform::from_translate(cluster.x, cluster.y).pre_concat(glyph);
        let mut corners =
            [(0.0, -0.85), (wide, -0.85), (wide, 0.15), (0.0, 0.15)].map(|(x, y)| Point::from_xy(x, y));
        at.map_points(&mut corners);
        corners
    });
    Rect::from_points(&corners.collect::<Vec<Point>>())
}

fn rule(path: &Node) -> FillRule {
    match path.attribute("Rule") {
        Some("Even-Odd") => FillRule::EvenOdd,
        _ => FillRule::Winding,
    }
}

/// The order of layers (7.7): what is behind, the body, what is in front.
fn rank(kind: Option<&str>) -> u8 {
    match kind {
        Some("Background") => 0,
        Some("Foreground") => 2,
        _ => 1,
    }
}
