// 账本核验: the auditor's desk, and the slip that is kept on paper.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { axe, open, press, screenshots, settled } from './office.mjs'

let office
before(async () => { office = await open() })
after(async () => { await office?.close() })

const verdict = (page) => page.getByTestId('verdict')
const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
const slipOf = (page) => page.evaluate(async () => (await fetch('/api/ledger/slip')).json())

test('the auditor verifies, and compares what was kept outside', async () => {
  const page = await office.as('auditor')
  await page.getByRole('navigation').getByRole('link', { name: '账本核验', exact: true }).click()
  await page.waitForURL('**/ledger')
  const ledger = await page.evaluate(async () => (await fetch('/api/ledger')).json())
  await page.getByTestId('size').waitFor()
  assert.ok(Number((await page.getByTestId('size').innerText()).replaceAll(',', '')) >= ledger.size)
  await page.getByText(ledger.key, { exact: true }).first().waitFor()
  await page.getByText('没有见证者').waitFor()
  await page.getByText('jingui witness').waitFor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await press(page, '复制公钥')
  await page.getByText('已复制').waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), ledger.key)

  await press(page, '验证账本')
  await page.getByText(/账本完整/).waitFor({ timeout: 120_000 })

  // What was downloaded today is compared tomorrow, when the ledger has gone on.
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: '下载检查点' }).click()
  const path = await (await downloading).path()
  assert.ok((await readFile(path, 'utf8')).startsWith(`${ledger.origin}\n`))
  const other = await office.as('zhoumin')
  await other.context().close()
  await page.locator('input[type=file]').setInputFiles(path)
  await verdict(page).getByText('一致', { exact: true }).waitFor()
  assert.match(await verdict(page).innerText(), /其后又记了 \d+ 笔/)
  assert.ok(!(await verdict(page).innerText()).includes('电子签名'))
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'ledger-compared-1280.png'), fullPage: true })

  // A part of one, another ledger's, one with another number under the same signature.
  const own = await readFile(path, 'utf8')
  for (const [text, words] of [
    [own.split('\n')[0], '不是一份完整的检查点'],
    [own.replace(ledger.origin, 'jingui/another'), '属于另一本账'],
    [own.replace(/\n(\d+)\n/, '\n9999999\n'), '签名却不是本账本的'],
  ]) {
    await page.locator('#checkpoint').fill(text)
    await press(page, '比对')
    await verdict(page).getByText('不是本账本的检查点').waitFor()
    await verdict(page).getByText(words).waitFor()
  }
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})

test('a slip is printed, and typed again later', async () => {
  const page = await office.as('auditor')
  await page.goto(`${office.base}/ledger`)
  await page.getByRole('link', { name: '打印检查点日签' }).click()
  await page.waitForURL('**/ledger/slip')
  const paper = page.locator('.slip').first()
  await paper.waitFor()
  const lines = await paper.locator('code').allInnerTexts()
  const size = (await paper.locator('.size').innerText()).replaceAll(',', '')
  assert.equal(lines.length, 4)
  for (const line of lines) assert.match(line, /^([0-9A-HJKMNP-TV-Z]{4} ){4}[0-9A-HJKMNP-TV-Z]{2}$/)
  assert.equal(await page.locator('.slip').count(), 2)
  for (const words of ['审计员', '见证人']) await paper.getByText(words, { exact: false }).first().waitFor()
  await settled(page)
  assert.deepEqual(await axe(page), [])
  assert.ok((await sideways(page)) <= 0)
  await page.screenshot({ path: join(screenshots, 'ledger-slip-1280.png') })
  // On paper: one sheet, nothing of the console on it.
  await page.emulateMedia({ media: 'print' })
  assert.equal(await page.getByRole('navigation').isVisible(), false)
  const printed = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
  assert.equal(/\/Type \/Pages[^>]*\/Count (\d+)/s.exec(printed)?.[1] ?? /\/Count (\d+)/.exec(printed)?.[1], '1')
  await page.emulateMedia({ media: 'screen' })

  await page.goto(`${office.base}/ledger`)
  await page.getByText('纸上的日签', { exact: true }).click()
  const line = (number) => page.getByLabel(`第 ${number} 行`, { exact: true })
  await page.getByLabel('笔数', { exact: true }).click()
  await page.keyboard.type(size)
  await line(1).click()
  const mistyped = lines.map((text) => text.replaceAll(' ', '').toLowerCase())
  mistyped[2] = (mistyped[2].startsWith('a') ? 'b' : 'a') + mistyped[2].slice(1)
  for (const text of mistyped) await page.keyboard.type(text)
  await page.keyboard.press('Enter')
  await page.getByText('第 3 行有误').waitFor()
  for (const number of [1, 2, 3, 4]) assert.equal(await line(number).getAttribute('aria-invalid'), String(number === 3))
  assert.ok(await line(3).evaluate((field) => field === document.activeElement))
  await settled(page)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'ledger-mistyped-1280.png'), fullPage: true })
  await line(3).fill(lines[2])
  await page.keyboard.press('Enter')
  await verdict(page).getByText('一致', { exact: true }).waitFor()
  await verdict(page).getByText('日签上没有电子签名').waitFor()

  // A wrong number is a slip of the pen, not a missing entry.
  await page.getByLabel('笔数', { exact: true }).fill(`${size}0`)
  await press(page, '比对日签')
  await page.getByText('请核对笔数').waitFor()
  assert.equal(await verdict(page).count(), 0)

  // What a scanner reads off the paper goes where the checkpoint goes.
  await page.getByText('检查点文件', { exact: true }).click()
  await page.locator('#checkpoint').fill((await slipOf(page)).code)
  await press(page, '比对')
  await verdict(page).getByText('一致', { exact: true }).waitFor()
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})

test('a ledger that was put back or forked is said in plain words, with what to do', async () => {
  const page = await office.as('auditor', { width: 1920, height: 1080 })
  // The office at hand is whole: what the server would say of another is put in its mouth.
  const answers = [
    [{ state: 'ahead', journal: 3200, known: 3204, since: '2026-11-25T08:00:00.000Z', signed: true }, ['账本被退回', '缺第 3,201 至 3,204 笔', '2026-11-25 16:00', '不要重启']],
    [{ state: 'forked', journal: 3300, size: 3204, signed: true }, ['分叉', '第 3,204 笔及以前', '报告党办负责人']],
  ]
  let answer
  await page.route('**/api/ledger/compare', (route) => route.fulfill({ json: answer }))
  const at = (seconds) => new Date(Date.now() - seconds * 1000).toISOString()
  await page.route('**/api/ledger', async (route) => {
    const real = await route.fetch()
    const told = (name, last, signed) => ({ name, url: 'http://10.1.2.3:8090', asked: at(12), last, signed })
    const witnesses = [
      told('auditor-desk', { state: 'signed', size: 3204, at: at(12) }, { at: at(12), size: 3204 }),
      told('headquarters', { state: 'silent' }, { at: at(7200), size: 3100 }),
      told('archive', { state: 'ahead', journal: 3200, known: 3204 }, { at: at(9000), size: 3204 }),
    ]
    await route.fulfill({ json: { ...(await real.json()), now: at(0), witnesses } })
  })
  await page.goto(`${office.base}/ledger`)
  await page.getByText(/1[0-9] 秒前签署 3,204 笔/).waitFor()
  await page.getByText('没有应答').waitFor()
  await page.getByText('最近一次签署在 2 小时前').waitFor()
  await page.getByRole('alert').getByText('见证者 archive：账本被退回').waitFor()
  for (const [told, words] of answers) {
    answer = told
    await page.locator('#checkpoint').fill('a checkpoint')
    await press(page, '比对')
    for (const one of words) await verdict(page).getByText(one).first().waitFor()
    await settled(page)
    assert.deepEqual(await axe(page), [])
    await page.screenshot({ path: join(screenshots, `ledger-${told.state}-1920.png`) })
  }
  assert.ok((await sideways(page)) <= 0)
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})

test('refusals are one stroke away, in words, and each entry is proven', async () => {
  const other = await office.as('lilei')
  await other.evaluate(() => fetch('/api/actions/person.add', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ staff_number: '9', name: '某人' }) }))
  await other.context().close()
  const page = await office.as('auditor')
  await page.goto(`${office.base}/journal`)
  await page.getByRole('radiogroup', { name: '结果' }).getByText('不予办理').click()
  const row = page.locator('.el-table__row').first()
  await row.getByText('此项由安全保密管理员办理').waitFor()
  assert.ok(!(await row.innerText()).includes('entrusted_to'))
  await settled(page)
  const wide = await row.evaluate((one) => one.scrollWidth - one.closest('.el-scrollbar__wrap').clientWidth)
  assert.ok(wide <= 0, `the entries are ${wide} too wide`)
  await page.screenshot({ path: join(screenshots, 'journal-refused-1280.png') })
  const seq = (await row.locator('td').first().innerText()).trim()
  await row.getByRole('button', { name: `证明第 ${seq} 号账` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(`jingui-verify ${seq}.tlog-proof`).waitFor()
  const files = []
  for (const name of ['下载证明', '下载封存账目']) {
    const downloading = page.waitForEvent('download')
    await dialog.getByRole('button', { name, exact: true }).click()
    const download = await downloading
    files.push([download.suggestedFilename(), await readFile(await download.path())])
  }
  assert.deepEqual(files.map(([name]) => name), [`${seq}.tlog-proof`, `${seq}.entry`])
  assert.ok(files[0][1].toString('utf8').startsWith('c2sp.org/tlog-proof@v1\n'))
  const { sealed } = await page.evaluate(async (one) => (await fetch(`/api/ledger/proofs/${one}`)).json(), seq)
  assert.equal(files[1][1].toString('base64'), sealed)
  assert.deepEqual(await axe(page), [])
  await page.screenshot({ path: join(screenshots, 'journal-proof-1280.png') })
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})

test('nobody else has the desk', async () => {
  const page = await office.as('zhoumin')
  assert.equal(await page.getByRole('link', { name: '账本核验' }).count(), 0)
  for (const path of ['/ledger', '/ledger/slip']) {
    await page.goto(office.base + path)
    await page.getByRole('heading', { name: '没有这一页' }).waitFor()
  }
  assert.equal(await page.evaluate(async () => (await fetch('/api/ledger')).status), 403)
  await page.context().close()
  assert.deepEqual(office.troubles, [])
})
