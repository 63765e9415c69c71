/** Names of the codes that the server speaks in. */
import { t } from './text'

type Pair = readonly [string, string]

function naming(words: Record<string, Pair>): (code: string | null | undefined) => string {
  return (code) => {
    const pair = code ? words[code] : undefined
    return pair ? t(pair[0], pair[1]) : (code ?? '')
  }
}

export const LEVELS: readonly Pair[] = [['', ''], ['内部敏感', 'Internal'], ['秘密', 'Confidential'], ['机密', 'Secret'], ['绝密', 'Top secret']]
export function levelName(level: number): string {
  const pair = LEVELS[level]
  return pair ? t(pair[0], pair[1]) : ''
}

export const CATEGORIES: Record<string, Pair> = {
  policy: ['党和国家方针政策、决议、指示', 'Policies, resolutions, directives'],
  committee: ['党委会议记录、纪要、决议', 'Party-committee records and minutes'],
  leaders: ['领导讲话、批示', "Leaders' speeches and instructions"],
  decision: ['重大决策、经营和项目', 'Major decisions, business and projects'],
  trade_secret: ['商业秘密', 'Trade secrets'],
  office_work: ['办公室计划、总结、统计', 'Plans, summaries, statistics'],
  other: ['其他', 'Other'],
}
export const category = naming(CATEGORIES)

export const URGENCIES: Record<string, Pair> = {
  ordinary: ['平件', 'Ordinary'],
  routine: ['平急', 'Routine'],
  urgent: ['加急', 'Urgent'],
  extra_urgent: ['特急', 'Extra urgent'],
  flash: ['特提', 'Flash'],
}
export const urgency = naming(URGENCIES)

export const CHANNELS: Record<string, Pair> = {
  confidential_courier: ['机要交换', 'Confidential courier'],
  designated_person: ['专人送达', 'Designated person'],
  ems: ['邮政特快', 'Postal express'],
  encrypted_transmission: ['加密传输', 'Encrypted transmission'],
  internal: ['内部流转', 'Internal'],
  other: ['其他', 'Other'],
}
export const channel = naming(CHANNELS)

export const ROLES: Record<string, Pair> = {
  office_head: ['党办负责人', 'Office head'],
  department_head: ['部门负责人', 'Department head'],
  registrar: ['机要员', 'Registrar'],
  custodian: ['绝密专管员', 'Custodian'],
  leading_group: ['领导小组成员', 'Leading group'],
  staff: ['工作人员', 'Staff'],
  system_administrator: ['系统管理员', 'System administrator'],
  security_administrator: ['安全保密管理员', 'Security administrator'],
  security_auditor: ['安全审计员', 'Security auditor'],
}
export const role = naming(ROLES)

export const CLASSES: Record<string, Pair> = { core: ['核心', 'Core'], important: ['重要', 'Important'], general: ['一般', 'General'] }
export const personClass = naming(CLASSES)

/** What came of a background review. */
export const REVIEW_RESULTS: Record<string, Pair> = { fit: ['合格', 'Fit'], conditional: ['有条件合格', 'Fit under conditions'], unfit: ['不宜从事涉密工作', 'Unfit'] }
export const reviewResult = naming(REVIEW_RESULTS)

/** In which way somebody has something, and how it is handed over. */
const HOLDINGS: Record<string, Pair> = {
  borrowed_copy: ['借出未还', 'Borrowed'],
  kept_copy: ['保管的份', 'Keeps'],
  missing_copy: ['下落不明', 'Missing'],
  offered_copy: ['待接收', 'Offered'],
  open_loan: ['借阅申请', 'Loan application'],
  reading_session: ['现场阅读', 'Reading on site'],
  open_print: ['打印申请', 'Print application'],
  open_receipt: ['来件未登记完', 'Mail'],
  cabinet: ['保管的柜', 'Cabinet'],
  room: ['负责的房间', 'Room'],
  department: ['部门负责人', 'Heads'],
  items: ['负责的文件', 'Answers for'],
  sole_role: ['唯一的', 'Alone holds'],
}
export const holdingWay = naming(HOLDINGS)
export const HOLDING_CURES: Record<string, Pair> = {
  borrowed_copy: ['本人到交接台归还机要员', 'bring it back to the registrar'],
  kept_copy: ['本人逐份移入接任人的柜，由其确认', 'put it into the successor’s cabinet, who confirms'],
  missing_copy: ['由党办负责人查明、结案', 'the office head closes the incident'],
  offered_copy: ['本人拒收，或由交出人撤回', 'decline it'],
  open_loan: ['本人撤回申请', 'withdraw it'],
  reading_session: ['由机要员结束阅读', 'the registrar ends it'],
  open_print: ['由审批人不予批准，或打印后交回', 'have it rejected, or made and returned'],
  open_receipt: ['由任一机要员登记完', 'any registrar registers the rest'],
  cabinet: ['清空后由党办负责人指定新保管人', 'the office head names another custodian'],
  room: ['由党办负责人指定新责任人', 'the office head names somebody else'],
  department: ['由安全保密管理员指定新负责人', 'the security administrator names another head'],
  items: ['由机要员或党办负责人移交', 'the registrar or the office head entrusts them'],
  sole_role: ['先由安全保密管理员授予接任人', 'give the role to somebody else first'],
}
/** What a note about somebody who leaves is about. */
export const LEAVING_TOPICS: Record<string, Pair> = { talk: ['离岗谈话', 'Talk'], travel: ['出境', 'Travel'], employment: ['就业', 'Employment'], other: ['其他', 'Other'] }
export const leavingTopic = naming(LEAVING_TOPICS)

export const COPY_STATES: Record<string, Pair> = {
  desk: ['待入柜', 'On the desk'],
  kept: ['在柜', 'In its cabinet'],
  offered: ['交接中', 'Being handed over'],
  lent: ['借出', 'Lent out'],
  reading: ['现场阅读', 'Read on site'],
  missing: ['下落不明', 'Missing'],
  void: ['作废', 'Struck'],
}
export const copyState = naming(COPY_STATES)

export const LOAN_STATES: Record<string, Pair> = {
  applied: ['待批准', 'Waits for approval'],
  approved: ['已批准', 'Approved'],
  rejected: ['未批准', 'Rejected'],
  withdrawn: ['已撤回', 'Withdrawn'],
  expired: ['批准失效', 'Approval lapsed'],
  handing_over: ['待领取确认', 'Being handed over'],
  out: ['借出', 'Out'],
  returning: ['待清点收回', 'Return to be checked'],
  reading: ['阅读中', 'Being read'],
  returned: ['已归还', 'Returned'],
  lost: ['已丢失', 'Lost'],
}
export const loanState = naming(LOAN_STATES)

export const MODES: Record<string, Pair> = { take_out: ['外借', 'Taken out'], on_site: ['现场阅读', 'Read on site'] }
export const mode = naming(MODES)

export const INCIDENTS: Record<string, Pair> = {
  broken_seal: ['封口破损', 'Broken seal'],
  overdue: ['超期未还', 'Overdue loan'],
  damaged: ['归还损毁', 'Damaged on return'],
  lost: ['文件丢失', 'Copy lost'],
  pages_missing: ['页数不符', 'Pages missing'],
}
export const incidentKind = naming(INCIDENTS)

export const TASKS: Record<string, Pair> = {
  approve_loan: ['借阅申请待批', 'Loan to approve'],
  approve_renewal: ['续借申请待批', 'Renewal to approve'],
  accept_copy: ['待确认接收', 'Hand-over to confirm'],
  acknowledge_loan: ['待领取确认', 'Loan to acknowledge'],
  check_return: ['归还待清点', 'Return to check'],
  register_receipt: ['来件未登记完', 'Mail to register'],
  place_copy: ['待入柜', 'Copy to put away'],
  hand_over_loan: ['已批准待交付', 'Approved, to hand over'],
  close_session: ['阅读未结束', 'Reading session open'],
  confirm_session: ['现场阅读待确认', 'Reading session to confirm'],
  return_copy: ['我借出的文件', 'I borrowed'],
  collect_loan: ['已批准，待领取', 'Approved, to collect'],
  await_approval: ['申请待批准', 'Waits for approval'],
  overdue_loan: ['将到期或超期', 'Due or overdue'],
  open_incident: ['未结事件', 'Open incident'],
  expiring_item: ['保密期限将满', 'Period about to end'],
  review_person: ['审查将到期', 'Review falls due'],
  sign_commitment: ['未签保密承诺', 'Commitment not signed'],
  take_backup: ['备份', 'Backup'],
  drill_restore: ['恢复演练', 'Restore drill'],
  leave_person: ['离岗办理中', 'Leaving under way'],
  release_person: ['脱密期将满', 'Declassification period ends'],
  check_person: ['保密检查将到期', 'Secrecy check falls due'],
  import_calendar: ['工作日历待导入', 'Calendar to import'],
  approve_print: ['打印申请待批', 'Print to approve'],
  make_print: ['已批准待打印', 'Approved, to be printed'],
  confirm_rights: ['授予职责待确认', 'Rights to confirm'],
  confirm_parameter: ['参数修改待确认', 'Parameter to confirm'],
  confirm_ceiling: ['内容上限批准待确认', 'Content approval to confirm'],
  decide_key_change: ['密钥变更待批', 'Change of keys to decide'],
  collect_share: ['密钥份额待领取', 'Share of the key to collect'],
  confirm_share: ['密钥份额待确认', 'Share of the key to confirm'],
}
export const task = naming(TASKS)

export const FIGURES: Record<string, Pair> = {
  overdue_loans: ['超期未还', 'Overdue loans'],
  waiting_loans: ['借阅待批', 'Loans to approve'],
  missing_copies: ['下落不明', 'Missing copies'],
  unplaced_copies: ['份待入柜', 'Copies to put away'],
  open_receipts: ['来件未登记完', 'Mail not registered'],
  open_incidents: ['未结事件', 'Open incidents'],
  expired_items: ['保密期限已满', 'Period has ended'],
  people_late: ['人员事项超期', 'Late about people'],
}
export const figure = naming(FIGURES)

export const FILE_KINDS: Record<string, Pair> = {
  pdf: ['PDF', 'PDF'],
  ofd: ['OFD', 'OFD'],
  docx: ['Word', 'Word'],
  xlsx: ['Excel', 'Excel'],
  pptx: ['PPT', 'PowerPoint'],
  old_office: ['旧版文档', 'Old office file'],
  picture: ['图片', 'Picture'],
  text: ['文本', 'Text'],
}
export const fileKind = naming(FILE_KINDS)

/** How far a change of keys is. */
export const KEY_STATES: Record<string, Pair> = {
  proposed: ['待批准', 'Waits for approval'],
  rejected: ['未批准', 'Rejected'],
  called_off: ['已撤回', 'Called off'],
  approved: ['已批准，正在执行', 'Approved, being carried out'],
  collecting: ['份额领取中', 'Shares are handed out'],
  rotated: ['已更换', 'Done'],
  resealed: ['已生效', 'In force'],
  broken_off: ['已中断', 'Broken off'],
}
export const keyState = naming(KEY_STATES)

/** Why a file can't be read. */
export const FAULTS: Record<string, Pair> = {
  unknown_kind: ['不是可以阅读的文件种类', 'No kind of file that can be read'],
  damaged: ['文件已损坏，请向来文单位索取或重新扫描', 'The file is damaged'],
  too_large: ['文件超出可以阅读的规模', 'The file is larger than what can be read'],
  locked: ['文件设有打开口令，请去除口令后重新上传', 'The file is locked with a password'],
  unsupported: ['文件使用了本系统不能显示的内容', 'The file uses what can’t be shown here'],
  missing_program: ['本机没有安装转换程序，请系统管理员安装 LibreOffice（apt install libreoffice-nogui）', 'A program is missing: have the system administrator install LibreOffice'],
  out_of_time: ['处理时间过长，已中止', 'It took too long and was ended'],
  ended: ['文件使阅读程序中止，可能是恶意文件，请告知系统管理员', 'The file ended its reader; it may be hostile'],
  vault: ['存储中的文件缺失或被改动，请从备份恢复', 'The file is missing or altered in the vault'],
}
export const fault = naming(FAULTS)

/** What readers of a file must be told. */
export const NOTICES: Record<string, Pair> = {
  signatures_not_checked: ['文件带有电子签章，这里只显示、不验证', 'Signatures are shown, not checked'],
  font_substituted: ['部分字体本机没有，以相近字体显示', 'Some fonts were replaced by similar ones'],
  content_left_out: ['有些内容未能显示', 'Some of the content could not be shown'],
  no_words: ['没有文字层（如扫描件），不能按内容检索', 'No text layer: it can’t be searched by content'],
  pictures: ['图片中的文字尚未识别（需安装识别程序，或正在识别）', 'Words in its pictures aren’t recognised yet (the machine lacks the program, or is at it)'],
  recognised: ['文字由识别得出，检索可能有误', 'The words were recognised from pictures and may be wrong'],
  converted: ['由办公文档转换，版式可能与原件略有出入', 'Converted from an office file; the layout may differ slightly'],
  text_only: ['只显示文字内容，版式与原件不同', 'Shown as text only; the layout differs'],
}
export const notice = naming(NOTICES)

export const PRINT_STATES: Record<string, Pair> = {
  applied: ['待批准', 'Waits for approval'],
  approved: ['已批准，待打印', 'Approved'],
  rejected: ['未批准', 'Rejected'],
  made: ['已打印', 'Made'],
}
export const printState = naming(PRINT_STATES)

/** How somebody came to know an item. */
export const KNOWING: Record<string, Pair> = {
  borrowed: ['借出', 'Borrowed'],
  read_on_site: ['现场阅读', 'Read on site'],
  second_person: ['现场第二人', 'Second person on site'],
  read_pages: ['在线阅读', 'Read on screen'],
  opened_file: ['打开、未翻页', 'Opened the file'],
  printed: ['打印', 'Printed'],
  made_print: ['制作打印件', 'Made the print'],
  kept: ['保管', 'Keeps it'],
  opened_entry: ['查阅登记', 'Opened the entry'],
}
export const knowing = naming(KNOWING)

/** Fields of an item, for differences between versions. */
export const FIELDS: Record<string, Pair> = {
  document_number: ['文号', 'Document number'],
  title: ['标题', 'Title'],
  source: ['来文单位', 'Source'],
  category: ['类别', 'Category'],
  marking: ['密级', 'Marking'],
  basis: ['定密依据', 'Basis'],
  urgency: ['紧急程度', 'Urgency'],
  scope: ['知悉范围', 'Need-to-know scope'],
  responsible: ['责任人', 'Responsible'],
  department: ['承办部门', 'Department'],
  remark: ['备注', 'Remark'],
  dated: ['成文日期', 'Date of issue'],
  received_on: ['收文日期', 'Received'],
  copies: ['份数', 'Number of copies'],
  declassifies_on: ['解密日期', 'Declassifies'],
  void: ['作废', 'Struck'],
  copy_numbers: ['份号', 'Copy numbers'],
  level: ['密级', 'Level'],
  period: ['保密期限', 'Period'],
  people: ['知悉人员', 'People of the scope'],
  departments: ['知悉部门', 'Departments of the scope'],
  receipt: ['来件', 'Mail'],
  cabinet: ['柜', 'Cabinet'],
  slot: ['格', 'Slot'],
  days: ['工作日', 'Working days'],
  reason: ['事由', 'Reason'],
  mode: ['方式', 'Mode'],
  pages: ['页数', 'Pages'],
  room: ['房间', 'Room'],
  second: ['第二人', 'Second person'],
  custodian: ['保管人', 'Custodian'],
  slots: ['格数', 'Slots'],
  name: ['名称', 'Name'],
  staff_number: ['工号', 'Staff number'],
  account: ['账户', 'Account'],
  password: ['口令', 'Password'],
  current: ['现口令', 'Current password'],
  envelope: ['信封号', 'Envelope'],
  pieces: ['件数', 'Pieces'],
  channel: ['送达方式', 'Channel'],
  circumstances: ['情形', 'Circumstances'],
  conclusion: ['结论', 'Conclusion'],
  finding: ['清点结果', 'Finding'],
  value: ['数值', 'Value'],
  year: ['年度', 'Year'],
  file: ['文件', 'File'],
  bytes: ['大小', 'Size'],
  number: ['文号', 'Number'],
  authority: ['批准机关', 'Authority'],
  valid_until: ['有效期至', 'Valid until'],
  terminals: ['终端', 'Terminals'],
  holders: ['持有人', 'Key holders'],
  needed: ['启封所需份数', 'Shares that open'],
  entries: ['账目密钥', 'Entry key'],
  levels: ['文件密钥', 'Level keys'],
  share: ['份额', 'Share'],
  page: ['页', 'Page'],
  post: ['岗位', 'Post'],
  roles: ['职责', 'Roles'],
  class: ['类别', 'Class'],
  clearance: ['知密等级', 'Clearance'],
  commitment: ['保密承诺', 'Commitment'],
  review: ['背景审查', 'Background review'],
  check_due: ['下次检查', 'Next check'],
  standing: ['在岗情况', 'Standing'],
  supports: ['可知密至', 'Supports'],
  last_day: ['离岗日期', 'Last day'],
  months: ['脱密期月数', 'Months'],
  to: ['接收人', 'Successor'],
  again_on: ['复查日期', 'Next look'],
  sign_by: ['签署期限', 'Sign by'],
  text: ['承诺文本', 'Text'],
  duties: ['岗位职责', 'Duties'],
  on: ['日期', 'Date'],
  person: ['人员', 'Person'],
  q: ['搜索', 'Search'],
}
export const field = naming(FIELDS)
/** The name of a field from the server's path to it, such as `item.scope.people[0]`. */
export function fieldAt(path: string): string {
  return field(path.replace(/\[\d+\]/g, '').split('.').at(-1))
}

export function marking(m: { level: number; period?: { count: number; unit: string } | null }): string {
  const name = levelName(m.level)
  if (m.level < 2 || !m.period) return name
  const unit = m.period.unit === 'years' ? t('年', ' y') : t('个月', ' mo')
  return `${name}★${m.period.count}${unit}`
}
