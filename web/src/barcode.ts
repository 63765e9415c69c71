/** Bar code and square code of a label, as modules to draw: the strict content policy allows no drawing by style. */
import JsBarcode from 'jsbarcode'
import { encode } from 'uqr'

/** Code 128 as runs of dark modules: where each begins and how wide it is, and the width of all. */
export function bars(code: string): { bars: { at: number; wide: number }[]; width: number } {
  const drawn: { encodings?: { data: string }[] } = {}
  JsBarcode(drawn, code, { format: 'CODE128' })
  const modules = (drawn.encodings ?? []).map((one) => one.data).join('')
  const found = [...modules.matchAll(/1+/g)].map((run) => ({ at: run.index, wide: run[0].length }))
  return { bars: found, width: modules.length }
}

/** The square code as one path of unit squares, and its side in modules. */
export function square(code: string): { path: string; side: number } {
  const { data, size } = encode(code, { ecc: 'M', border: 0 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return { path, side: size }
}
