//! What there is to say about the routes of the edge itself, for the API document.

use jingui_office::files::File;
use jingui_office::supervision::evidence::MakeEvidence;
use schemars::{Schema, SchemaGenerator};

use crate::actions::Done;
use crate::content::page::{OpenFile, Resolution, Words};
use crate::content::rebuild;
use crate::content::search::Hit;
use crate::content::upload::Arrived;
use crate::evidence::Made;
use crate::imports::{Mapped, Running, Uploaded};
use crate::ledger::{Compared, Ledger, Presented, Proven, Slip};
use crate::sign_in::{Countersign, Credentials, Me};
use crate::verification::Progress;
use crate::view::XLSX;

/// A route of the edge itself.
pub(crate) struct Route {
    /// Method, lower case.
    pub(crate) method: &'static str,
    /// Path, with parameters in braces.
    pub(crate) path: &'static str,
    /// Short name: Chinese, English.
    pub(crate) title: (&'static str, &'static str),
    /// Whether somebody must be signed in.
    pub(crate) signed: bool,
    /// Schema of the query part, where there is one.
    pub(crate) query: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// What is sent, where anything is.
    pub(crate) sent: Sent,
    /// Status and body of the answer.
    pub(crate) answer: (u16, Answered),
    /// Problems besides those that every such route may answer.
    pub(crate) problems: &'static [u16],
}

/// What a request carries.
pub(crate) enum Sent {
    /// Nothing, or an empty object.
    Nothing,
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// A file as it is, its name in a header.
    File,
    /// A part of a file.
    Bytes,
}

/// What an answer carries.
pub(crate) enum Answered {
    /// Nothing.
    Nothing,
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Something of this media type.
    Any(&'static str),
}

fn get(path: &'static str, title: (&'static str, &'static str), answer: Answered) -> Route {
    Route {
        method: "get",
        path,
        title,
        signed: true,
        query: None,
        sent: Sent::Nothing,
        answer: (200, answer),
        problems: &[],
    }
}

fn post(
    path: &'static str,
    title: (&'static str, &'static str),
    sent: Sent,
    answer: (u16, Answered),
) -> Route {
    Route { method: "post", path, title, signed: true, query: None, sent, answer, problems: &[409, 429] }
}

impl Route {
    /// The same for anybody.
    fn open(self) -> Self {
        Self { signed: false, ..self }
    }

    /// The same with these problems.
    fn or(self, problems: &'static [u16]) -> Self {
        Self { problems, ..self }
    }
}

/// Every route of the edge itself.
pub(crate) fn all() -> Vec<Route> {
    session()
        .into_iter()
        .chain(imports())
        .chain(ledger())
        .chain(evidence())
        .chain(content())
        .chain(service())
        .collect()
}

fn session() -> Vec<Route> {
    let me: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<Me>;
    let credentials = Sent::Json(SchemaGenerator::subschema_for::<Credentials>);
    let countersign = Sent::Json(SchemaGenerator::subschema_for::<Countersign>);
    let done = Answered::Json(SchemaGenerator::subschema_for::<Done>);
    vec![
        post("/api/sign-in", ("登录", "Sign in"), credentials, (200, Answered::Json(me)))
            .open()
            .or(&[401, 429]),
        post("/api/sign-out", ("退出", "Sign out"), Sent::Nothing, (204, Answered::Nothing)).or(&[]),
        get("/api/me", ("本人", "Who is signed in"), Answered::Json(me)),
        post(
            "/api/countersign",
            ("第二人在同一终端确认", "A second person confirms at the same terminal"),
            countersign,
            (200, done),
        )
        .or(crate::openapi::ACTION),
    ]
}

fn imports() -> Vec<Route> {
    let ledger: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<Uploaded>;
    let mapped = Sent::Json(SchemaGenerator::subschema_for::<Mapped>);
    let running = Sent::Json(SchemaGenerator::subschema_for::<Running>);
    let answer = |status| (status, Answered::Json(ledger));
    vec![
        post("/api/imports", ("上传台账", "Upload a ledger"), Sent::File, answer(201)),
        get(
            "/api/imports/{import}",
            ("台账与导入进度", "A ledger and how far its import is"),
            Answered::Json(ledger),
        )
        .or(&[422]),
        Route {
            method: "put",
            ..post(
                "/api/imports/{import}/mapping",
                ("调整列对应关系", "Change the mapping"),
                mapped,
                answer(200),
            )
        },
        get("/api/imports/{import}/refused.xlsx", ("未导入的行", "Refused rows"), Answered::Any(XLSX)),
        post("/api/imports/{import}/run", ("开始导入", "Run the import"), running, answer(202)),
    ]
}

fn ledger() -> Vec<Route> {
    let json = |schema: fn(&mut SchemaGenerator) -> Schema| Answered::Json(schema);
    vec![
        get(
            "/api/ledger",
            ("账本状态", "Where the ledger stands"),
            json(SchemaGenerator::subschema_for::<Ledger>),
        )
        .or(&[403]),
        get(
            "/api/ledger/checkpoint",
            ("检查点", "The checkpoint, to keep outside"),
            Answered::Any("text/plain"),
        )
        .or(&[403]),
        post(
            "/api/ledger/compare",
            ("比对检查点", "Compare a checkpoint kept outside"),
            Sent::Json(SchemaGenerator::subschema_for::<Presented>),
            (200, json(SchemaGenerator::subschema_for::<Compared>)),
        )
        .or(&[]),
        get(
            "/api/ledger/proofs/{seq}",
            ("证明一笔账", "Prove that an entry is in the ledger"),
            json(SchemaGenerator::subschema_for::<Proven>),
        )
        .or(&[403]),
        get(
            "/api/ledger/slip",
            ("检查点日签", "The checkpoint as a slip, to print"),
            json(SchemaGenerator::subschema_for::<Slip>),
        )
        .or(&[403]),
    ]
}

fn evidence() -> Vec<Route> {
    let made: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<Made>;
    let asked = Sent::Json(SchemaGenerator::subschema_for::<MakeEvidence>);
    vec![
        post("/api/evidence", ("制作证据", "Make evidence"), asked, (202, Answered::Json(made)))
            .or(crate::openapi::ACTION),
        get("/api/evidence/{evidence}", ("证据制作进度", "How far a bundle is"), Answered::Json(made)),
        get(
            "/api/evidence/{evidence}/bundle",
            ("下载证据", "The bundle, for the session that asked for it"),
            Answered::Any("application/zip"),
        ),
    ]
}

fn content() -> Vec<Route> {
    let received: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<Arrived>;
    let picture = || Answered::Any("image/webp");
    let added = Answered::Json(SchemaGenerator::subschema_for::<File>);
    vec![
        post("/api/items/{item}/files", ("上传小文件", "Add a small file"), Sent::File, (201, added))
            .or(crate::openapi::ACTION),
        get("/api/files/{file}/bytes", ("上传进度", "How much of a file has come"), Answered::Json(received)),
        Route {
            method: "put",
            problems: crate::openapi::ACTION,
            ..post(
                "/api/files/{file}/bytes/{from}",
                ("上传文件的一段", "The next part of a file"),
                Sent::Bytes,
                (200, Answered::Json(received)),
            )
        },
        get(
            "/api/readings/{reading}",
            ("正在阅读的文件", "A file that is being read"),
            Answered::Json(SchemaGenerator::subschema_for::<OpenFile>),
        )
        .or(READING),
        Route {
            query: Some(SchemaGenerator::subschema_for::<Resolution>),
            ..get("/api/readings/{reading}/pages/{page}", ("阅读一页", "A page as a picture"), picture())
                .or(READING)
        },
        get("/api/prints/{print}/copies/{copy}/pages/{page}", ("打印一页", "A sheet of a print"), picture())
            .or(READING),
        get("/api/readings/{reading}/small/{from}", ("缩略图", "Twelve small pages"), picture()).or(READING),
        Route {
            query: Some(SchemaGenerator::subschema_for::<Words>),
            ..get(
                "/api/readings/{reading}/hits",
                ("文内查找", "Where words stand in the file"),
                Answered::Json(SchemaGenerator::subschema_for::<Vec<Hit>>),
            )
            .or(READING)
        },
    ]
}

/// Problems of reading: the right may be gone, the session over, the file unreadable.
const READING: &[u16] = &[403, 409, 422];

fn service() -> Vec<Route> {
    let progress: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<Progress>;
    let json = || Answered::Any("application/json");
    let stream = Answered::Any("text/event-stream");
    let verify = "/api/journal/verify";
    let words = "/api/words/rebuild";
    let rebuild: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<rebuild::Progress>;
    vec![
        get("/api/live", ("变动通知（事件流）", "Notices of changes (event stream)"), stream),
        get("/api/health", ("运行状态", "Whether it serves"), json()).open(),
        get("/api/openapi.json", ("本文档", "This document"), json()).open(),
        get(words, ("索引重建进度", "How far the index of words is made anew"), Answered::Json(rebuild))
            .or(&[403]),
        post(
            words,
            ("重建内容索引", "Make the index of words anew"),
            Sent::Nothing,
            (202, Answered::Json(rebuild)),
        ),
        get(verify, ("账本验证进度", "Progress of the verification"), Answered::Json(progress)).or(&[403]),
        post(verify, ("开始验证账本", "Verify the journal"), Sent::Nothing, (202, Answered::Json(progress))),
    ]
}
