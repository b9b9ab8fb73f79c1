// Pictures of pages, where SHOTS names a directory for them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = process.env.SHOTS
const forDocuments = { format: 'webp', quality: 80 } // a quarter of a PNG

/** Keeps what a page's window shows as NAME.png, and as NAME.webp for documents. */
export async function shoot(page, name) {
  if (!directory) return
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`) })
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', forDocuments)
  writeFileSync(join(directory, `${name}.webp`), Buffer.from(data, 'base64'))
  await session.detach()
}
