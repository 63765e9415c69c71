//! Pages on their way to a screen: journaled, drawn, marked, and never kept by a browser.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, RgbImage, imageops};
use jingui_office::files::File;
use jingui_office::files::print::Sheet;
use jingui_office::files::reading::Shown;
use jingui_pages::Raster;
use jingui_store::{Id, StoreError};
use jingui_watermark::{Mark, Tile};
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::to_raw_value};

use super::room::{Open, Wanted, unavailable, unreadable};
use super::search::{self, Hit};
use crate::edge::{Edge, Shared};
use crate::language::Language;
use crate::problem::Problem;
use crate::schemas::bounds;
use crate::session::Signed;
use crate::{actions, input};

/// Resolutions a page is drawn at, dots per inch.
const RESOLUTIONS: [u32; 4] = [96, 150, 200, 300];
/// Resolution of what goes to a printer.
const PRINTED: u32 = 200;
/// The width and height that a small page fits into, pixels: too small to be read, enough to find a page by its looks.
const SMALL: (u32, u32) = (96, 128);
/// The resolution at which the watermark is laid over small pages: large enough to be read.
const SMALL_RESOLUTION: u32 = 72;
/// Small pages in one picture.
const STRIP: u32 = 12;

/// How a page is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    /// Dots per inch: 96, 150, 200 or 300; 150 unless said otherwise.
    #[serde(default = "usual")]
    dpi: u32,
}

const fn usual() -> u32 {
    150
}

/// A file that is being read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OpenFile {
    /// The reading, its file and its item.
    #[serde(flatten)]
    shown: Shown,
    /// How large its pages are.
    sizes: Vec<PageSize>,
}

/// How large a page is, in millimetres.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PageSize {
    width: f64,
    height: f64,
}

/// What to look for in a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// Words; any two characters in a row suffice.
    #[schemars(length(min = 1, max = 100))]
    q: String,
}

/// Asks the office whether a page may be shown, or the file be looked at; what it answers is in the journal.
async fn asked<T: DeserializeOwned>(
    edge: &Shared,
    signed: &Signed,
    action: &str,
    input: &serde_json::Value,
    language: Language,
) -> Result<T, Problem> {
    let input = to_raw_value(input).map_err(|error| Problem::store(&error.into(), language))?;
    let done = actions::perform(edge, signed.caller(), action.to_owned(), input, None, language).await?;
    serde_json::from_value(done.outcome).map_err(|error| Problem::store(&error.into(), language))
}

fn id_of(text: &str, language: Language) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::absent(language))
}

/// `GET /api/readings/{reading}`: how many pages, and how large they are.
pub(crate) async fn open(
    State(edge): State<Shared>,
    signed: Signed,
    Path(reading): Path<String>,
    headers: HeaderMap,
) -> Result<Json<OpenFile>, Problem> {
    let language = Language::of(&headers);
    let reading = id_of(&reading, language)?;
    let input = json!({ "reading": reading });
    let shown: Shown = asked(&edge, &signed, "view.look", &input, language).await?;
    let place = edge.rooms.place(&reading, Instant::now());
    let mut held = place.lock().await;
    let open = opened(&edge, &mut held, &shown.file, &shown.reading.mark, language).await?;
    let sizes = open.opened.sizes.iter().map(|&(width, height)| PageSize { width, height }).collect();
    Ok(Json(OpenFile { shown, sizes }))
}

async fn opened<'a>(
    edge: &Edge,
    held: &'a mut Option<Open>,
    file: &File,
    mark: &str,
    language: Language,
) -> Result<&'a mut Open, Problem> {
    if held.is_none() {
        *held = Some(Open::of(edge, file, mark, language).await?);
    }
    held.as_mut().ok_or_else(|| Problem::absent(language))
}

/// `GET /api/readings/{reading}/pages/{page}`: a page as a picture.
pub(crate) async fn page(
    State(edge): State<Shared>,
    signed: Signed,
    Path((reading, page)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let Resolution { dpi } = input::query(&query.unwrap_or_default(), language)?;
    let page: u32 = page.parse().map_err(|_| Problem::absent(language))?;
    let reading = id_of(&reading, language)?;
    if !RESOLUTIONS.contains(&dpi) {
        let problem = Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "content.resolution", language);
        return Err(problem.of("dpi"));
    }
    // The entry first: no trace, no page.
    let input = json!({ "reading": reading, "page": page });
    let shown: Shown = asked(&edge, &signed, "view.page", &input, language).await?;
    let leaf = Leaf { file: shown.file, mark: shown.reading.mark, lines: shown.lines };
    leave(&edge, &reading, leaf, (page, dpi), language).await
}

/// `GET /api/prints/{print}/copies/{copy}/pages/{page}`: a sheet of a print, for the printer.
pub(crate) async fn sheet(
    State(edge): State<Shared>,
    signed: Signed,
    Path((print, copy, page)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let print = id_of(&print, language)?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| Problem::absent(language));
    let (copy, page) = (number(&copy)?, number(&page)?);
    let input = json!({ "print": print, "copy": copy, "page": page });
    let Sheet { file, mark, lines } = asked(&edge, &signed, "print.sheet", &input, language).await?;
    leave(&edge, &print, Leaf { file, mark, lines }, (page, PRINTED), language).await
}

/// A page that may leave, with what is to stand on it.
struct Leaf {
    file: File,
    mark: String,
    lines: Vec<String>,
}

/// Draws a page and marks it.
async fn leave(
    edge: &Shared,
    reading: &Id,
    leaf: Leaf,
    wanted: Wanted,
    language: Language,
) -> Result<Response, Problem> {
    let place = edge.rooms.place(reading, Instant::now());
    let mut held = place.lock_owned().await;
    let open = opened(edge, &mut held, &leaf.file, &leaf.mark, language).await?;
    let raster = match open.draw(wanted).await {
        Ok(raster) => raster,
        Err(fault) => {
            // The reader may have ended; the next page opens the file again.
            *held = None;
            return Err(unreadable(&fault, language));
        }
    };
    let tile = tile(edge, open, leaf.lines, wanted.1, language)?;
    let mark = Arc::clone(&open.mark);
    let picture = tokio::task::spawn_blocking(move || picture(raster, &tile, &mark)).await;
    // While the reader looks at this page, the next is drawn.
    tokio::spawn(async move {
        if let Some(open) = held.as_mut() {
            open.draw_ahead(wanted).await;
        }
    });
    match picture {
        Ok(Ok(bytes)) => Ok(webp(bytes)),
        Ok(Err(error)) => {
            tracing::error!(%error, "a page could not be marked");
            Err(Problem::edge(StatusCode::INTERNAL_SERVER_ERROR, "content.mark", language))
        }
        Err(_) => Err(Problem::store(&StoreError::BrokeOff, language)),
    }
}

/// The visible watermark: made anew when its lines or the resolution are others.
fn tile(
    edge: &Edge,
    open: &mut Open,
    lines: Vec<String>,
    dpi: u32,
    language: Language,
) -> Result<Arc<Tile>, Problem> {
    if let Some((made, at, tile)) = &open.tile
        && (made, *at) == (&lines, dpi)
    {
        return Ok(Arc::clone(tile));
    }
    let made = edge.content.font().map_err(Clone::clone).and_then(|font| Tile::new(&lines, dpi, font));
    let tile = Arc::new(made.map_err(|error| {
        tracing::error!(%error, "no watermark, no page");
        Problem::edge(StatusCode::INTERNAL_SERVER_ERROR, "content.mark", language)
    })?);
    open.tile = Some((lines, dpi, Arc::clone(&tile)));
    Ok(tile)
}

/// Why a page can't leave: without its marks it doesn't.
#[derive(Debug, thiserror::Error)]
enum MarkError {
    #[error(transparent)]
    Mark(#[from] jingui_watermark::WatermarkError),
    #[error(transparent)]
    Picture(#[from] image::ImageError),
}

/// A page with both watermarks as it leaves.
fn picture(raster: Raster, tile: &Tile, mark: &Mark) -> Result<Vec<u8>, MarkError> {
    let (width, height) = (raster.width, raster.height);
    let mut page = jingui_watermark::Raster::new(width, height, raster.rgb)?;
    tile.stamp(&mut page);
    mark.apply(&mut page)?;
    encode(width, height, page.rgb())
}

fn small_picture(strip: RgbImage, tile: &Tile) -> Result<Vec<u8>, MarkError> {
    let (width, height) = strip.dimensions();
    let mut page = jingui_watermark::Raster::new(width, height, strip.into_raw())?;
    tile.stamp(&mut page);
    encode(width, height, page.rgb())
}

/// Without loss: as small as a JPEG of good quality here, four times as quick, and the invisible mark stays as it is.
fn encode(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, MarkError> {
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes).encode(rgb, width, height, ExtendedColorType::Rgb8)?;
    Ok(bytes)
}

fn webp(bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/webp"));
    response
}

/// `GET /api/readings/{reading}/small/{from}`: twelve pages from this one on, too small to be read, one below the other
/// in cells of 96 × 128 pixels.
pub(crate) async fn small(
    State(edge): State<Shared>,
    signed: Signed,
    Path((reading, from)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let from: u32 = from.parse().map_err(|_| Problem::absent(language))?;
    let reading = id_of(&reading, language)?;
    let input = json!({ "reading": reading });
    let shown: Shown = asked(&edge, &signed, "view.look", &input, language).await?;
    let place = edge.rooms.place(&reading, Instant::now());
    let mut held = place.lock().await;
    let open = opened(&edge, &mut held, &shown.file, &shown.reading.mark, language).await?;
    let pages = u32::try_from(open.opened.sizes.len()).unwrap_or(u32::MAX);
    if from == 0 || from > pages {
        return Err(Problem::absent(language));
    }
    let count = STRIP.min(pages - from + 1);
    let mut strip = RgbImage::from_pixel(SMALL.0, SMALL.1 * count, image::Rgb([0xf2, 0xf3, 0xf5]));
    for place in 0..count {
        let page = from + place;
        let Some((width, height)) = open.opened.sizes.get(page as usize - 1).copied() else { break };
        let dpi = (f64::from(SMALL.0) / width).min(f64::from(SMALL.1) / height) * 25.4;
        // A page that can't be drawn leaves its cell empty; it is told when the page itself is asked for.
        let Ok(drawn) = open.draw_small(page, dpi).await else { continue };
        if let Some(drawn) = RgbImage::from_raw(drawn.width, drawn.height, drawn.rgb) {
            let left = i64::from(SMALL.0.saturating_sub(drawn.width()) / 2);
            let top = i64::from(SMALL.1 * place + SMALL.1.saturating_sub(drawn.height()) / 2);
            imageops::replace(&mut strip, &drawn, left, top);
        }
    }
    // Large letters can be read even so: whose eyes they are for stands on them too.
    let tile = tile(&edge, open, shown.lines, SMALL_RESOLUTION, language)?;
    match small_picture(strip, &tile) {
        Ok(bytes) => Ok(webp(bytes)),
        Err(error) => {
            tracing::error!(%error, "small pages could not be written");
            Err(Problem::store(&StoreError::BrokeOff, language))
        }
    }
}

/// `GET /api/readings/{reading}/hits`: where words stand in the file.
pub(crate) async fn hits(
    State(edge): State<Shared>,
    signed: Signed,
    Path(reading): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Vec<Hit>>, Problem> {
    let language = Language::of(&headers);
    let query = query.unwrap_or_default();
    input::within(&query, &bounds(SchemaGenerator::subschema_for::<Words>), language)?;
    let Words { q } = input::query(&query, language)?;
    let reading = id_of(&reading, language)?;
    let input = json!({ "reading": reading });
    let shown: Shown = asked(&edge, &signed, "view.look", &input, language).await?;
    let place = edge.rooms.place(&reading, Instant::now());
    let mut held = place.lock().await;
    let open = opened(&edge, &mut held, &shown.file, &shown.reading.mark, language).await?;
    let words = open.words(&edge, &shown.file).await.map_err(|error| unavailable(&error, language))?;
    Ok(Json(search::hits(&words, &open.opened.sizes, &q)))
}
