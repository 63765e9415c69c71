//! The registration desk's one request: an item and its scan together. The scan is sealed and on disk before the office
//! is asked; refused, its bytes go again.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jingui_office::receipts::register::Register;
use jingui_store::Id;
use jingui_vault::Place;
use schemars::JsonSchema;
use serde_json::value::RawValue;
use serde_json::{Value, json, value::to_raw_value};

use super::inspect;
use super::upload::{SMALL, broken};
use crate::edge::Shared;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;
use crate::{actions, form, input};

/// What the form may have besides the file, bytes.
const BESIDE: usize = 256 << 10;

/// The form of `POST /api/items`, for the API document.
#[derive(JsonSchema)]
pub(crate) struct TakeInForm {
    /// What is registered, as for `item.register`.
    #[expect(dead_code, reason = "read from the form by its name")]
    registration: Register,
    /// The file, with its name, up to 8 MiB.
    #[expect(dead_code, reason = "read from the form by its name")]
    #[schemars(extend("format" = "binary"))]
    file: String,
}

/// `POST /api/items`: an item with its copies and its file, in one request and one entry.
pub(crate) async fn take_in(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let language = Language::of(&headers);
    let form = form::read(&headers, body, SMALL + BESIDE, language).await?;
    let (registration, _) = form.part("registration", language)?;
    let registration =
        String::from_utf8(registration.to_vec()).ok().and_then(|text| RawValue::from_string(text).ok());
    let registration =
        registration.ok_or_else(|| Problem::edge(StatusCode::BAD_REQUEST, "body.not_json", language))?;
    // The level is needed before the office is asked: the file is sealed to it.
    let level = input::parse::<Register>(&registration, language)?.item.level;
    let (content, name) = form.part("file", language)?;
    let name = input::name_of_file("file", name.unwrap_or_default(), language)?;
    let bytes = content.len();
    if bytes > SMALL {
        return Err(Problem::edge(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", language));
    }
    let now = edge.office.store().now();
    let (item, file) = (Id::generate(now, &mut rand::rng()), Id::generate(now, &mut rand::rng()));
    let place = Place { file: file.to_string(), item: item.to_string(), level: level.number() };
    let vault = &edge.content.vault;
    let (kept, wrapped) =
        vault.keep_whole(place, form.into_part("file")).await.map_err(|error| broken(&error, language))?;
    let sealed = json!({ "name": kept.name, "bytes": kept.sealed_bytes });
    let file_input =
        json!({ "id": file, "name": name, "bytes": bytes, "sealed": sealed, "wrapped": wrapped });
    let input = to_raw_value(&json!({ "id": item, "registration": registration, "file": file_input }));
    let input = input.map_err(|error| Problem::store(&error.into(), language))?;
    let taken =
        actions::perform(&edge, signed.caller(), "item.take_in".to_owned(), input, None, language).await;
    if taken.is_err() {
        let _ = vault.remove(&kept.name).await;
    }
    let outcome = taken?.outcome;
    inspect::begin(&edge, &file);
    Ok((StatusCode::CREATED, Json(outcome)))
}
