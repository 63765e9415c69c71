//! Who works in the demonstration office. All fictional.

/// Somebody of the office.
pub struct Somebody {
    /// Account.
    pub account: &'static str,
    /// Name.
    pub name: &'static str,
    /// Place in [`DEPARTMENTS`].
    pub department: usize,
    /// Roles.
    pub roles: &'static [&'static str],
    /// Clearance.
    pub clearance: u8,
}

/// Without a signed commitment.
pub const UNCOMMITTED: &[&str] = &["kongwei", "shiwen"];
/// With a review that runs out while the weeks pass.
pub const REVIEW_EXPIRES: &[&str] = &["baixue"];

/// Departments; the first is the party office.
pub const DEPARTMENTS: [&str; 8] =
    ["党委办公室", "战略发展部", "财务部", "科技部", "纪检室", "人力资源部", "法务部", "经营管理部"];

/// The three administrators: account, name, role in Chinese, role.
pub const ADMINISTRATORS: [(&str, &str, &str, &str); 3] = [
    ("system", "韦一航", "系统管理员", "system_administrator"),
    ("security", "方守正", "安全保密管理员", "security_administrator"),
    ("auditor", "明鉴", "安全审计员", "security_auditor"),
];

const HEAD: &[&str] = &["department_head", "staff"];
const LEADING_HEAD: &[&str] = &["department_head", "leading_group", "staff"];
const REGISTRAR: &[&str] = &["registrar", "staff"];
const STAFF: &[&str] = &["staff"];

const fn one(
    account: &'static str,
    name: &'static str,
    department: usize,
    roles: &'static [&'static str],
    clearance: u8,
) -> Somebody {
    Somebody { account, name, department, roles, clearance }
}

/// Everybody else.
pub const PEOPLE: [Somebody; 37] = [
    one("sunli", "孙立", 0, &["office_head"], 4),
    one("zhoumin", "周敏", 0, REGISTRAR, 4),
    one("linyue", "林悦", 0, REGISTRAR, 3),
    one("zhengjianguo", "郑建国", 0, &["custodian", "staff"], 4),
    one("qianwei", "钱伟", 0, &["leading_group", "staff"], 4),
    one("wufang", "吴芳", 1, HEAD, 3),
    one("lilei", "李雷", 1, STAFF, 4),
    one("hanmei", "韩梅", 1, STAFF, 3),
    one("caozhe", "曹喆", 1, STAFF, 2),
    one("panyun", "潘云", 1, STAFF, 2),
    one("wangqiang", "王强", 2, HEAD, 3),
    one("zhaoyan", "赵燕", 2, STAFF, 3),
    one("dengchao", "邓超", 2, STAFF, 2),
    one("xulin", "许琳", 2, STAFF, 2),
    one("fangming", "方明", 2, STAFF, 1),
    one("chenggang", "程刚", 3, LEADING_HEAD, 4),
    one("heyao", "何垚", 3, STAFF, 3),
    one("songyang", "宋洋", 3, STAFF, 3),
    one("jiangtao", "江涛", 3, STAFF, 2),
    one("yuanrong", "袁镕", 3, STAFF, 2),
    one("luhao", "陆昊", 3, STAFF, 1),
    one("dingning", "丁宁", 4, LEADING_HEAD, 3),
    one("shenbing", "沈冰", 4, STAFF, 3),
    one("gaofei", "高飞", 4, STAFF, 2),
    one("tangjing", "唐静", 5, HEAD, 3),
    one("guohui", "郭辉", 5, STAFF, 2),
    one("xiaoxue", "肖雪", 5, STAFF, 2),
    one("machao", "马超", 5, STAFF, 1),
    one("liangbo", "梁博", 6, HEAD, 3),
    one("fengyi", "冯毅", 6, STAFF, 2),
    one("yejia", "叶佳", 6, STAFF, 2),
    one("duanrui", "段睿", 7, HEAD, 3),
    one("kongwei", "孔维", 7, STAFF, 2),
    one("baixue", "白雪", 7, STAFF, 2),
    one("cuijie", "崔洁", 7, STAFF, 2),
    one("miaolan", "苗岚", 7, STAFF, 1),
    one("shiwen", "石文", 7, STAFF, 1),
];
