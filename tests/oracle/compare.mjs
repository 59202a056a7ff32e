// Puts generated requests to the oracle and to us, and compares the verdicts.
//
//   node compare.mjs --modules NODE_MODULES --judge PROGRAM [--seed N] [--cases N] [--show]
//
// The judge is `cargo build -p claviger-policy --example judge`: a case a line in, a verdict a line out. Ends with
// "N passed, N failed"; differences that known.mjs explains pass, and an explanation that explains nothing in the usual
// number of cases fails.
import { spawn } from 'child_process'
import { createInterface } from 'readline'
import { parseArgs } from 'util'
import { Worker, isMainThread, parentPort, workerData } from 'worker_threads'
import { cases } from './cases.mjs'
import { known, reduced } from './known.mjs'
import { oracle } from './oracle.mjs'

if (isMainThread) {
  const { values } = parseArgs({ options: {
    modules: { type: 'string' }, judge: { type: 'string' }, seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '10000' }, show: { type: 'boolean', default: false },
  } })
  process.exitCode = await compare(values) ? 0 : 1
} else {
  await work(workerData)
}

/** Judges every `of`th case, starting with the `part`th. */
async function work({ modules, seed, count, part, of }) {
  const ask = oracle(modules)
  let number = 0
  for (const one of cases(seed)) {
    if (number === count) break
    if (number++ % of === part) parentPort.postMessage({ number: number - 1, one, answer: await ask(one) })
  }
}

async function compare({ modules, judge, seed, cases: count, show }) {
  const judged = await ask({ modules, seed: Number(seed), count: Number(count) })
  const failures = judged.filter(({ answer }) => answer.refused).map(({ answer }) => `the oracle refuses: ${answer.refused}`)
  const answered = judged.filter(({ answer }) => !answer.refused).map(({ number, one, answer }) =>
    ({ number, one: { ...one, context: answer.context }, verdict: answer.verdict }))
  const usual = seed === '1' && answered.length >= 10000
  const tally = { A: 0, I: 0, D: 0 }
  answered.forEach(({ verdict }) => tally[verdict]++)
  const differ = await differing(judge, answered)

  // What is left of the cases that differ must be agreed on.
  const again = oracle(modules), used = new Map(), reduce = []
  for (const { number, one, line } of differ) {
    const { rest, reasons } = reduced(one)
    const answer = reasons.length ? await again(rest) : { refused: 'no known reason' }
    if (answer.refused) failures.push(`case ${number}: we say ${line}; ${answer.refused}\n${JSON.stringify(one)}`)
    else reduce.push({ number, one: rest, verdict: answer.verdict, reasons })
  }
  for (const { number, one, verdict, line } of await differing(judge, reduce)) {
    failures.push(`case ${number}, without what is known: we say ${line}, the oracle says ${verdict}\n${JSON.stringify(one)}`)
  }
  reduce.forEach(({ reasons }) => reasons.forEach(reason => used.set(reason, (used.get(reason) ?? 0) + 1)))
  for (const reason of known) {
    console.log(`${String(used.get(reason) ?? 0).padStart(5)} differ: ${reason.what} (${reason.document})`)
    if (!used.has(reason) && usual) failures.push(`known.mjs: nothing differs because of: ${reason.what}`)
  }
  failures.slice(0, show ? Infinity : 10).forEach(failure => console.log(failure))
  console.log(`seed ${seed}: ${tally.A} allowed, ${tally.I} denied, ${tally.D} denied explicitly`)
  console.log(`${Math.max(0, answered.length - failures.length)} passed, ${failures.length} failed`)
  return failures.length === 0 && answered.length > 0
}

/** The oracle's answers, in the order of the cases; two threads share the work. */
async function ask(data) {
  const judged = [], of = 2
  await Promise.all(Array.from({ length: of }, (_, part) => new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...data, part, of } })
    worker.on('message', one => judged.push(one)).on('error', reject).on('exit', resolve)
  })))
  return judged.sort((a, b) => a.number - b.number)
}

/** Those of the cases on which our verdict, which is added as `line`, is another. */
async function differing(judge, answered) {
  const child = spawn(judge, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const verdicts = []
  const reading = (async () => { for await (const line of lines) verdicts.push(line) })()
  for (const { one } of answered) {
    if (!child.stdin.write(JSON.stringify(one) + '\n')) await new Promise(resolve => child.stdin.once('drain', resolve))
  }
  child.stdin.end()
  await reading
  if (verdicts.length !== answered.length) throw new Error(`the judge answered ${verdicts.length} of ${answered.length} cases`)
  return answered.map((one, index) => ({ ...one, line: verdicts[index] })).filter(({ line, verdict }) => line[0] !== verdict)
}
