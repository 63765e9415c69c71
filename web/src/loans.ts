/** What can be done to a loan, each with a confirmation that names what will happen. */
import { ElMessageBox } from 'element-plus'
import { act } from './api/client'
import { personName, trying } from './session'
import { t } from './text'

export interface Named { id: string; number?: string | null; title?: string | null; person?: string | null }

function about(loan: Named): string {
  return `${loan.number ?? ''}《${loan.title ?? t('（无权知悉的文件）', '(an item not for you)')}》`
}

/** Asks first; answers false when the person thought better of it. */
export async function sure(text: string, button: string): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, t('请确认', 'Please confirm'), { confirmButtonText: button, cancelButtonText: t('取消', 'Cancel'), autofocus: false })
    return true
  } catch {
    return false
  }
}

/** Asks for a reason; nothing when the person thought better of it. */
export async function reason(text: string, button: string): Promise<string | null> {
  try {
    const answer = await ElMessageBox.prompt(text, t('请说明', 'Please say why'), { confirmButtonText: button, cancelButtonText: t('取消', 'Cancel'), inputType: 'textarea', inputPattern: /\S/, inputErrorMessage: t('不能为空', 'It cannot be empty') })
    return (answer as { value: string }).value
  } catch {
    return null
  }
}

export async function approve(loan: Named, days: number): Promise<boolean> {
  const text = t(`批准 ${personName(loan.person)} 借阅 ${about(loan)}，${days} 个工作日。`, `Approve ${personName(loan.person)} borrowing ${about(loan)} for ${days} working days.`)
  return (await sure(text, t('批准', 'Approve'))) && trying(() => act('loan.approve', { loan: loan.id }))
}

export async function reject(loan: Named): Promise<boolean> {
  const why = await reason(t(`不批准 ${personName(loan.person)} 借阅 ${about(loan)}，理由：`, `Reject ${personName(loan.person)}'s application for ${about(loan)}, because:`), t('不予批准', 'Reject'))
  return why !== null && trying(() => act('loan.reject', { loan: loan.id, reason: why }))
}

export async function approveRenewal(loan: Named): Promise<boolean> {
  const text = t(`批准 ${personName(loan.person)} 续借 ${about(loan)}，归还日期相应顺延。`, `Approve ${personName(loan.person)}'s renewal of ${about(loan)}; the due day moves.`)
  return (await sure(text, t('批准续借', 'Approve'))) && trying(() => act('loan.approve_renewal', { loan: loan.id }))
}

export async function rejectRenewal(loan: Named): Promise<boolean> {
  const text = t(`不批准续借 ${about(loan)}，归还日期不变。`, `Reject the renewal of ${about(loan)}; the due day stays.`)
  return (await sure(text, t('不予续借', 'Reject'))) && trying(() => act('loan.reject_renewal', { loan: loan.id }))
}

export async function withdraw(loan: Named): Promise<boolean> {
  const text = t(`撤回对 ${about(loan)} 的借阅申请。`, `Withdraw your application for ${about(loan)}.`)
  return (await sure(text, t('撤回', 'Withdraw'))) && trying(() => act('loan.withdraw', { loan: loan.id }))
}

/** What the borrower answers for (clause 3.1.3.5). */
export function duties(): string {
  return t('本人妥善保管，不转借、不复制、不摘抄、不拍摄，到期归还。', 'I keep it safe; I do not lend it on, copy, excerpt or photograph it; I return it when it is due.')
}

export async function acknowledge(loan: Named): Promise<boolean> {
  const text = t(`领取 ${about(loan)}。${duties()}`, `Receive ${about(loan)}. ${duties()}`)
  return (await sure(text, t('确认领取并承诺', 'Confirm and acknowledge'))) && trying(() => act('loan.acknowledge', { loan: loan.id, duties: true }))
}
