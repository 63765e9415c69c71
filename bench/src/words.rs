//! Rows of an invented old ledger: the words of titles, how often each is taken, and the whole row from its number.
//! The same seed and number always give the same row.

use jingui_forms::Cell;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

/// Departments of the generated office.
pub const DEPARTMENTS: [&str; 10] = [
    "党委办公室",
    "战略发展部",
    "财务部",
    "科技部",
    "纪检室",
    "人力资源部",
    "法务部",
    "经营管理部",
    "安全环保部",
    "国际业务部",
];

/// Headings of the ledger, and how wide they are.
pub const HEADINGS: [(&str, f64); 11] = [
    ("序号", 8.0),
    ("收文日期", 12.0),
    ("来文单位", 20.0),
    ("文号", 24.0),
    ("文件标题", 48.0),
    ("密级", 10.0),
    ("份数", 6.0),
    ("紧急程度", 8.0),
    ("送达方式", 10.0),
    ("存放位置", 14.0),
    ("承办部门", 14.0),
];

/// Cabinets of the generated office, and the slots of each.
pub const CABINETS: u32 = 60;
pub const SLOTS: u16 = 50;

/// A word that about one title in five thousand carries.
pub const RARE: &str = "玄圭";

/// A word that about one file in a thousand carries, and no title.
pub const RARE_INSIDE: &str = "璇玑";

const SOURCES: [(&str, &str); 24] = [
    ("国务院国资委", "国资发"),
    ("国务院国资委党委", "国资党发"),
    ("省委办公厅", "厅字"),
    ("省委组织部", "组发"),
    ("省国家保密局", "国保发"),
    ("市委保密委员会办公室", "保委发"),
    ("工业和信息化部", "工信密"),
    ("岳重集团党委", "岳重党发"),
    ("岳重集团战略发展部", "岳重战"),
    ("省应急管理厅", "安字"),
    ("省发展和改革委员会", "发改密"),
    ("省财政厅", "财字"),
    ("省科学技术厅", "科密"),
    ("省审计厅", "审字"),
    ("市人民政府办公室", "市政密"),
    ("市公安局", "公密"),
    ("市国家安全局", "安密"),
    ("省档案局", "档字"),
    ("省通信管理局", "通密"),
    ("省国防科技工业办公室", "防工密"),
    ("岳重集团财务部", "岳重财"),
    ("岳重集团科技部", "岳重科"),
    ("省委巡视工作办公室", "巡密"),
    ("省人力资源和社会保障厅", "人社密"),
];

const VERBS: &str = "印发 调整 批复 下达 做好 加强 转发 落实 规范 报送 开展 部署 推进 完善 修订 核定 启动 申报 通报 征求 \
    组织 审议 暂停 终止 延长 撤销 委托 移交 汇总 评估";

const SUBJECTS: &str = "年度 重大 投资 项目 保密 要害 部位 涉密 人员 干部 选拔 境外 业务 风险 党委 会议 军民 融合 关键 设备 \
    国产 应急 国有 资产 处置 核心 技术 攻关 客户 信息 巡视 整改 网络 安全 专项 预算 供应 海外 并购 谈判 档案 数字 领导 班子 \
    专利 布局 生产 整治 筹备 自查 市场 拓展 战略 信访 维稳 定密 事项 高炉 轧钢 冶金 矿山 港口 铁路 隧道 桥梁 风电 光伏 核能 \
    氢能 储能 电网 煤炭 石油 燃气 化工 稀土 钛材 锂矿 铜业 铝业 特钢 铸造 锻压 数控 机床 轴承 液压 传感 芯片 雷达 导航 卫星 \
    遥感 测绘 通信 密码 加密 终端 机房 基站 云台 算力 模型 数据 隐私 审计 税务 融资 债券 担保 保险 汇率 期货 关税 仲裁 诉讼 \
    合规 反垄断 采购 招标 物流 仓储 冷链 航空 船舶 潜器 无人机 机器人 车辆 发动机 变速箱 涡轮 叶片 焊接 涂层 复材 陶瓷 玻纤 \
    橡胶 制药 疫苗 检疫 粮食 种业 水利 防汛 抗旱 地震 消防 交通 教育 培训 职称 薪酬 社保 退休 编制 外事 接待 礼宾 值班 警卫 \
    门禁 监控 涉外 考察 展览 援外 矿权 土地 征迁 环评 排污 碳排 节能 绿化 物业 食堂 公车 印章 信函 机要 密件 销毁 复印 传真";

const OBJECTS: &str = "工作 计划 方案 情况 名录 结果 意见 预案 台账 措施 安排 要点 分工 规划 一览表 纪要 进展 报告 指标 清单 制度 \
    办法 细则 标准 协议 合同 目录 统计 预测 建议";

const ENDINGS: &str = "通知 通知 通知 通知 请示 报告 报告 函 批复 意见 决定 纪要 通报 方案 令";

fn pick<'w>(rng: &mut ChaCha20Rng, words: &[&'w str]) -> &'w str {
    // The first words of a list are taken far more often than the last: searches differ in what they find.
    let far = rng.random_range(0.0..1.0_f64).powi(3);
    let len = u32::try_from(words.len()).unwrap_or(1);
    let place = (0..len).find(|place| far < f64::from(*place + 1) / f64::from(len)).unwrap_or(0);
    words.get(usize::try_from(place).unwrap_or(0)).copied().unwrap_or("保密")
}

/// The generator of rows.
pub struct Ledger {
    seed: u64,
    verbs: Vec<&'static str>,
    subjects: Vec<&'static str>,
    objects: Vec<&'static str>,
    endings: Vec<&'static str>,
}

impl Ledger {
    /// Rows of that seed.
    pub fn new(seed: u64) -> Self {
        let split = |text: &'static str| text.split_whitespace().collect();
        Self {
            seed,
            verbs: split(VERBS),
            subjects: split(SUBJECTS),
            objects: split(OBJECTS),
            endings: split(ENDINGS),
        }
    }

    /// Row number `row` as the ledger holds it.
    pub fn row(&self, row: u32) -> Vec<Cell> {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed.wrapping_mul(1 << 32) ^ u64::from(row));
        let rng = &mut rng;
        // Ten years, the later ones fuller, as ledgers are.
        let year = 2025 - rng.random_range(0..10_u32).min(rng.random_range(0..12));
        let (month, day) = (rng.random_range(1..=12), rng.random_range(1..=28));
        let source = rng.random_range(0..SOURCES.len()).min(rng.random_range(0..SOURCES.len()));
        let (source, word) = SOURCES.get(source).copied().unwrap_or(("省财政厅", "财字"));
        let mut title = format!("关于{}", pick(rng, &self.verbs));
        if rng.random_ratio(1, 5_000) {
            title.push_str(RARE);
        }
        for _ in 0..rng.random_range(2..=4) {
            title.push_str(pick(rng, &self.subjects));
        }
        title.push_str(pick(rng, &self.objects));
        title.push('的');
        title.push_str(pick(rng, &self.endings));
        let level = match rng.random_range(0..100) {
            0..25 => "内部",
            25..80 => "秘密★5年",
            80..97 => "机密★10年",
            _ => "绝密★20年",
        };
        let copies = if rng.random_ratio(1, 5) { rng.random_range(2..=4_u32) } else { 1 };
        let urgency = if rng.random_ratio(1, 8) { "加急" } else { "平件" };
        let place = if rng.random_ratio(9, 10) {
            let slot = rng.random_range(1..=SLOTS);
            Cell::from(format!("{}号柜-{slot}层", rng.random_range(1..=CABINETS)))
        } else {
            Cell::Empty
        };
        let department = DEPARTMENTS.get(rng.random_range(0..DEPARTMENTS.len())).copied().unwrap_or_default();
        vec![
            Cell::from(row + 1),
            Cell::from(format!("{year}-{month:02}-{day:02}")),
            source.into(),
            Cell::from(format!("{word}〔{year}〕{}号", row + 1)),
            Cell::from(title),
            level.into(),
            Cell::from(copies),
            urgency.into(),
            "机要交换".into(),
            place,
            department.into(),
        ]
    }

    /// A page of a letter, some 500 characters: sentences of the words of titles.
    pub fn page(&self, page: u32) -> String {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed.wrapping_mul(1 << 32) ^ u64::from(page));
        let rng = &mut rng;
        let mut text = String::new();
        for _ in 0..25 {
            text.push_str(pick(rng, &self.verbs));
            if rng.random_ratio(1, 100_000) {
                text.push_str(RARE_INSIDE);
            }
            for _ in 0..rng.random_range(2..=6) {
                text.push_str(pick(rng, &self.subjects));
            }
            text.push_str(pick(rng, &self.objects));
            text.push_str(if rng.random_ratio(1, 4) { "。\n" } else { "，" });
        }
        text
    }

    /// A workbook of the rows from `from` on.
    pub fn workbook(&self, from: u32, rows: u32) -> anyhow::Result<Vec<u8>> {
        let columns: Vec<_> =
            HEADINGS.iter().map(|(name, width)| jingui_forms::Column::new(*name, *width)).collect();
        Ok(jingui_forms::table("收文登记簿", &columns, (from..from + rows).map(|row| self.row(row)))?)
    }
}
