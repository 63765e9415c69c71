// Starts the real binary with a demonstration office of its own, and browsers for the people in it.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import AxeBuilder from '@axe-core/playwright'
import { chromium } from 'playwright-core'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const binary = join(root, 'target/debug/jingui')
// Nobody's passphrase from outside opens an office here.
const { JINGUI_PASSPHRASE: _, ...unattended } = process.env
export const PASSWORD = 'Jingui-2026'
// Every run takes the pictures; only UPDATE=1 puts them into the documentation, so that a test leaves the tree as it was.
export const screenshots = join(root, process.env.UPDATE ? 'docs/screenshots' : 'e2e/out/screenshots')

/** Runs the binary until it ends; answers what it printed. */
export async function run(args, env = {}) {
  const running = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...unattended, ...env } })
  let told = ''
  running.stdout.on('data', (data) => { told += data })
  running.stderr.on('data', (data) => { told += data })
  const code = await new Promise((resolve) => { running.on('close', resolve) })
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${told}`)
  return told
}

/** Starts the binary and waits until it says where it serves; nobody sits at its terminal. */
export async function start(args, listen = '127.0.0.1:0') {
  const server = spawn(binary, [...args, '--listen', listen], { stdio: ['ignore', 'pipe', 'pipe'], env: unattended })
  const base = await new Promise((resolve, reject) => {
    let told = ''
    server.stdout.on('data', (data) => {
      told += data
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(told)
      if (found) resolve(found[0])
    })
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${told}`)))
    setTimeout(() => reject(new Error(`the server doesn't come up: ${told}`)), 120_000).unref()
  })
  async function stop() {
    server.kill('SIGTERM')
    await new Promise((resolve) => { if (server.exitCode !== null) resolve(); else server.on('exit', resolve) })
  }
  return { base, stop }
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

export async function open() {
  const directory = await mkdtemp(join(tmpdir(), 'jingui-e2e-'))
  const { base, stop } = await start(['demo', '--data', join(directory, 'office')])
  const browser = await launch()
  await mkdir(screenshots, { recursive: true })
  const troubles = []
  return {
    base,
    troubles,
    /** A person's own browser session, signed in; English when asked for. */
    async as(account, { width = 1280, height = 720, english = false } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, locale: english ? 'en-GB' : 'zh-CN', acceptDownloads: true })
      if (english) await context.addInitScript(() => localStorage.setItem('language', 'en'))
      const page = await context.newPage()
      page.on('pageerror', (error) => troubles.push(`${account}: ${error}`))
      page.on('console', (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) troubles.push(`${account}: ${message.text()}`)
      })
      page.on('request', (request) => {
        if (!request.url().startsWith(base) && !/^(data|blob|about):/.test(request.url())) troubles.push(`${account} asked for ${request.url()}`)
      })
      page.setDefaultTimeout(15_000)
      await page.goto(`${base}/sign-in`)
      await page.getByLabel(english ? 'Account' : '账户').fill(account)
      await page.getByLabel(english ? 'Password' : '口令').fill(PASSWORD)
      await page.getByRole('button', { name: english ? 'Sign in' : '登录', exact: true }).click()
      await page.waitForURL('**/workbench')
      return page
    },
    async stranger() {
      const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 720 } })
      return context.newPage()
    },
    async close() {
      await browser.close()
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Waits until the page has settled: nothing loads, nothing moves. (Live updates keep a request open, so the network
 *  is never idle.) */
export async function settled(page) {
  await page.waitForLoadState('load')
  await page.waitForFunction(() => !document.querySelector('.el-loading-mask:not([style*="display: none"])') && !document.body.innerText.includes('正在读取'))
  await page.waitForTimeout(400)
}

/** What axe finds wrong on the page, in short. */
export async function axe(page) {
  // What is just fading in or out has the colours of neither state.
  await page.waitForFunction(() => document.getAnimations().every((one) => one.effect?.getComputedTiming().iterations === Infinity))
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ')}`)
}

export async function press(page, name) {
  await page.getByRole('button', { name, exact: true }).first().click()
}

/** Confirms the open message box by its button. */
export async function confirm(page, name) {
  await page.locator('.el-message-box').getByRole('button', { name, exact: true }).click()
  await page.locator('.el-message-box').waitFor({ state: 'hidden' })
}

/** Chooses an option of a select by its label, and sees that it was taken: while the list is filtered, a click can go
 *  astray. */
export async function choose(page, label, option) {
  const select = page.getByRole('combobox', { name: label, exact: true })
  const chosen = page.locator('.el-select').filter({ has: select }).getByText(option).first()
  const there = (locator) => locator.waitFor({ timeout: 3000 }).then(() => true, () => false)
  for (let tries = 0; tries < 5; tries += 1) {
    // What is chosen already lies over the field; the click goes to it and opens the list all the same.
    await select.click({ force: true })
    if (!(await there(page.locator('.el-select-dropdown:visible').first()))) continue
    if ((await select.getAttribute('readonly')) === null) await select.fill(option)
    const item = page.locator('.el-select-dropdown__item:visible', { hasText: option }).first()
    if (!(await there(item))) {
      await page.keyboard.press('Escape')
      continue
    }
    await item.click()
    if (await chosen.waitFor({ timeout: 2000 }).then(() => true, () => false)) return
    await page.keyboard.press('Escape')
  }
  throw new Error(`${option} can't be chosen as ${label}`)
}
