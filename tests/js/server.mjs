// A real server process, and the SDK's clients for it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const modules = process.env.CLAVIGER_JS_MODULES ?? join(root, 'target/js/node_modules')
export const binary = process.env.CLAVIGER_BIN ?? join(root, 'target/release/claviger')
const READY_MS_MAX = 20_000

// Modules lie among what was installed, not among the sources.
const load = createRequire(join(modules, 'any.js'))

/** The SDK's own module. */
export const sdk = load('@aws-sdk/client-kms')

/** The Encryption SDK. */
export const encryption = load('@aws-crypto/client-node')

/** Names of the operations that answered or refused at least once. */
export const called = new Set()

/** Starts a development server on a free port. */
export async function start() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS|CLAVIGER)_|_proxy$/i.test(name))
  const child = spawn(binary, ['dev', '--listen', '127.0.0.1:0'], {
    env: Object.fromEntries(kept), stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise((_, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
    setTimeout(() => reject(new Error('no ready line')), READY_MS_MAX).unref()
  })
  ended.catch(() => {})
  const ready = (async () => {
    for await (const line of createInterface(child.stdout)) {
      const found = /https?:\/\/[\w.[\]:-]+:\d+/.exec(line)
      if (found) return found[0]
    }
  })()
  try {
    return new Server(child, await Promise.race([ready, ended]))
  } catch (error) {
    child.kill()
    throw error
  }
}

class Server {
  #child
  #accounts = Math.floor(Math.random() * 8e11) + 1e11

  constructor(child, url) {
    this.#child = child
    this.url = url
  }

  /** An account id that nobody has used: lists start empty. */
  account() {
    return String(this.#accounts++)
  }

  /** A client of an account, in one Region. */
  client(account = this.account(), region = 'us-east-1') {
    const client = new sdk.KMSClient({
      endpoint: this.url, region, maxAttempts: 1,
      credentials: { accessKeyId: account, secretAccessKey: 'any' },
    })
    client.middlewareStack.add((next, { commandName }) => async request => {
      called.add(commandName.replace(/Command$/, ''))
      return next(request)
    }, { step: 'finalizeRequest', priority: 'low' })
    return Object.assign(client, { account })
  }

  /** Moves the server's clock. */
  async advance({ days = 0, seconds = 0 }) {
    const body = JSON.stringify({ advance: days * 86_400 + seconds })
    const answer = await fetch(`${this.url}/_claviger/dev/clock`, { method: 'POST', body })
    if (!answer.ok) throw new Error(`the clock does not move: ${answer.status}`)
  }

  stop() {
    this.#child.removeAllListeners('exit')
    this.#child.kill()
  }
}

/** Calls an operation by its name: `await call(client, 'CreateKey', {})`. */
export function call(client, operation, input = {}) {
  return client.send(new sdk[`${operation}Command`](input))
}

/** A new key's metadata. */
export async function createKey(client, input = {}) {
  return (await call(client, 'CreateKey', input)).KeyMetadata
}

/** The promise must be refused with this exception of the SDK; an unmodelled one goes by its name alone. */
export async function refused(promise, name, message) {
  await assert.rejects(promise, error => {
    assert.equal(error.name, name)
    assert.ok(error instanceof (sdk[name] ?? sdk.KMSServiceException), `${name} is not an instance of its class`)
    if (message !== undefined) assert.equal(error.message, message)
    return true
  })
}
