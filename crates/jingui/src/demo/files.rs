//! What was written in some of the papers: letters made up for the demonstration, and the approval to keep them.

use std::path::Path;

use jingui_crypto::Keyring;
use jingui_office::items::Item;
use jingui_office::items::views::{ItemFilter, list};
use jingui_regulation::Level;
use jingui_store::StoreError;
use jingui_vault::{Place, Vault};
use serde_json::json;

use super::letter::{Letter, ofd};
use super::scene::{Scene, id};

/// How many items get files.
const ITEMS: usize = 24;

/// Paragraphs of letters; the subject stands in for `{}`.
const PARAGRAPHS: [&str; 7] = [
    "为贯彻落实上级部署，切实做好{}有关工作，经研究，现将有关事项通知如下，请结合实际认真抓好落实。",
    "一、提高认识，加强组织领导。各单位要充分认识{}的重要意义，把思想和行动统一到上级要求上来，主要负责同志亲自抓，分管负责同志具体抓，层层压实责任。",
    "二、突出重点，细化任务分工。要对照任务清单逐项明确责任部门、完成时限和工作标准，建立台账、挂图作战，确保{}各项任务按期完成，不得层层转发、以会代训。",
    "三、严守纪律，确保安全保密。本件涉及的数据和安排在正式公布前不得对外提供；传达范围以内的人员不得摘抄、拍照、通过互联网传递，借阅件用后及时归还机要部门。",
    "四、强化督导，注重工作实效。我们将于下季度对落实情况开展检查，检查采取听取汇报、查阅资料、实地抽查相结合的方式进行，结果纳入年度考核。",
    "五、及时报告，做好总结提升。请各单位于每月二十五日前报送进展情况，遇有重要情况随时报告。年度预算安排和项目调整建议一并报送。",
    "各单位在执行中遇到的问题，请径向我们反映。联系人及电话见附件，附件另行下发。",
];

/// Has the approval entered and confirmed, and puts letters into the newest papers.
pub fn furnish(scene: &mut Scene, keys: &Keyring, data: &Path) -> anyhow::Result<()> {
    let until = scene.today.plus_days(900);
    let approval = json!({ "level": 3, "number": "岳国保测〔2026〕18号", "authority": "岳东省国家保密局", "valid_until": until });
    let approval = scene.act("security", "ceiling.enter", &approval)?;
    scene.act("sunli", "ceiling.confirm", &json!({ "approval": id(&approval)? }))?;
    let reading = scene.office.store().read(|conn| -> Result<_, StoreError> {
        let mut statement = conn.prepare("SELECT key FROM room WHERE body ->> '$.reading' = 1")?;
        let keys = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(keys.collect::<Result<Vec<_>, _>>()?)
    })?;
    for one in reading {
        let terminals = json!({ "room": one, "terminals": ["127.0.0.1"] });
        scene.act("security", "room.set_terminals", &terminals)?;
    }

    let vault = data.join("vault");
    let vault = Vault::open(keys, &vault.to_string_lossy(), &data.join("spool"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for item in newest(scene)? {
        let mut names =
            vec![(format!("{}.ofd", item.document_number.as_deref().unwrap_or("来文")), written(&item)?)];
        if item.serial % 4 == 0 {
            names.push(("办理说明.txt".to_owned(), note(&item).into_bytes()));
        }
        for (name, bytes) in names {
            let begun = scene.act(
                "zhoumin",
                "file.begin",
                &json!({ "item": item.id, "name": name, "bytes": bytes.len() }),
            )?;
            let file = id(&begun)?;
            let place = Place {
                file: file.to_string(),
                item: item.id.to_string(),
                level: item.marking.level().number(),
            };
            let mut upload = vault.begin(place)?;
            upload.push(&bytes)?;
            let wrapped = vault.wrap(&upload)?;
            let kept = runtime.block_on(vault.keep(upload))?;
            let sealed = json!({ "name": kept.name, "bytes": kept.sealed_bytes });
            scene.act(
                "zhoumin",
                "file.keep",
                &json!({ "file": file, "sealed": sealed, "wrapped": wrapped }),
            )?;
        }
    }
    Ok(())
}

fn newest(scene: &Scene) -> anyhow::Result<Vec<Item>> {
    let person = scene.person("zhoumin")?;
    let office = &scene.office;
    let rows = office.store().read(|conn| -> Result<_, StoreError> {
        let Some(asker) = office.asker(conn, &person)? else { return Ok(Vec::new()) };
        Ok(list(conn, &asker, &ItemFilter { limit: Some(60), ..ItemFilter::default() })?.rows)
    })?;
    let items =
        rows.iter().map(|row| serde_json::from_str::<Item>(row.item.get())).collect::<Result<Vec<_>, _>>()?;
    let fit = |item: &Item| item.marking.level() <= Level::Secret && item.void.is_none();
    Ok(items.into_iter().filter(fit).take(ITEMS).collect())
}

fn written(item: &Item) -> anyhow::Result<Vec<u8>> {
    let subject = item.title.trim_start_matches("关于").trim_end_matches("的通知").to_owned();
    let (year, month, day) = (item.dated.year(), item.dated.month(), item.dated.day());
    ofd(&Letter {
        source: item.source.clone(),
        number: item.document_number.clone().unwrap_or_default(),
        title: item.title.clone(),
        marking: item.marking.to_string(),
        dated: format!("{year}年{month}月{day}日"),
        paragraphs: PARAGRAPHS.iter().map(|paragraph| paragraph.replace("{}", &subject)).collect(),
    })
}

fn note(item: &Item) -> String {
    format!(
        "{}\n\n办理说明\n\n1. 本件由承办部门于收文后五个工作日内提出拟办意见。\n2. 需要各部门配合的，由承办部门商定后报送。\n3. 办结后随文归档。\n",
        item.title
    )
}
