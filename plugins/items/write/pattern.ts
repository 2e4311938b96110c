/**
 * Whether text matches a regular expression, in time linear in the text: patterns are an administrator's, texts are anybody's, and the runtimes' own
 * engines may take forever over the one with the other. The syntax is JavaScript's, parsed by regexpp; backreferences alone are refused.
 * A set of (place in the pattern, place in the text) that were tried already is all it takes: Thompson, "Regular Expression Search Algorithm", 1968.
 * Pure.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp'

/** A place in a program, and how to go on from there. */
type Step =
  | { readonly kind: 'match' }
  | { readonly kind: 'fork'; readonly to: readonly number[] }
  /** Takes one character. */
  | { readonly kind: 'take'; readonly accepts: (code: number) => boolean; readonly to: number }
  /** Takes none. */
  | { readonly kind: 'hold'; readonly holds: (text: string, at: number, budget: Budget) => boolean; readonly to: number }

interface Program {
  readonly steps: Step[]
  readonly start: number
  readonly forward: boolean
}

/** Places left to be tried. */
interface Budget {
  places: number
}

/** More places than this are not tried, which bounds time (a tenth of a second or two) as well as memory. */
const most = 10_000_000
const longestProgram = 5000

export class PatternError extends Error {}

/**
 * A test for texts.
 * @throws PatternError when the pattern is none, or holds what cannot be searched for in linear time; the test throws it for a text that is too long.
 */
export function compilePattern(source: string): (text: string) => boolean {
  let pattern: AST.Pattern
  try {
    pattern = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, undefined, undefined, {})
  } catch (cause) {
    throw new PatternError(`The pattern is not valid: ${(cause as Error).message}`, { cause })
  }
  const program = programOf(pattern.alternatives, true)
  return (text) => {
    const budget = { places: most }
    const tried = bitsFor(program, text, budget)
    // What failed at a place fails there whatever came before: the set is shared by all places to begin at.
    for (let at = 0; at <= text.length; at++) if (run(program, text, at, budget, tried)) return true
    return false
  }
}

function programOf(alternatives: readonly AST.Alternative[], forward: boolean): Program {
  const steps: Step[] = [{ kind: 'match' }]
  const add = (step: Step): number => {
    if (steps.length >= longestProgram) throw new PatternError('The pattern is too large.')
    return steps.push(step) - 1
  }
  const oneOf = (choices: readonly AST.Alternative[], to: number): number =>
    add({ kind: 'fork', to: choices.map(({ elements }) => sequence(elements, to)) })
  /** Written from its end, so that each step knows where it leads. */
  const sequence = (elements: readonly AST.Element[], to: number): number =>
    (forward ? elements.toReversed() : elements).reduce((next, element) => compile(element, next), to)

  const repeat = ({ element, min, max }: AST.Quantifier, to: number): number => {
    let next = to
    if (max === Number.POSITIVE_INFINITY) {
      const loop = add({ kind: 'fork', to: [] })
      steps[loop] = { kind: 'fork', to: [compile(element, loop), to] }
      next = loop
    } else for (let times = min; times < max; times++) next = add({ kind: 'fork', to: [compile(element, next), to] })
    for (let times = 0; times < min; times++) next = compile(element, next)
    return next
  }

  const compile = (element: AST.Element, to: number): number => {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
        return add({ kind: 'take', accepts: accepts(element), to })
      case 'Group':
      case 'CapturingGroup':
        return oneOf(element.alternatives, to)
      case 'Quantifier':
        return repeat(element, to)
      case 'Assertion':
        return add({ kind: 'hold', holds: assertion(element), to })
      default:
        throw new PatternError('The pattern refers back to what it has matched, which cannot be checked in good time.')
    }
  }
  return { steps, start: oneOf(alternatives, 0), forward }
}

/** A bit for each place. Making them costs as well. */
function bitsFor({ steps }: Program, text: string, budget: Budget): Uint8Array {
  const bytes = Math.ceil((steps.length * (text.length + 1)) / 8)
  spend(budget, bytes >>> 5)
  return new Uint8Array(bytes)
}

function spend(budget: Budget, places: number): void {
  budget.places -= places
  if (budget.places < 0) throw new PatternError('The text is too long for the pattern.')
}

/** Whether the text from `at` on matches; `tried` are the places that did not. */
function run({ steps, start, forward }: Program, text: string, at: number, budget: Budget, tried: Uint8Array): boolean {
  const width = text.length + 1
  const open = [start * width + at]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const bit = 1 << (place & 7)
    if (tried[place >>> 3]! & bit) continue
    tried[place >>> 3]! |= bit
    spend(budget, 1)
    const here = place % width
    const step = steps[(place - here) / width]!
    if (step.kind === 'match') return true
    if (step.kind === 'fork') for (let i = step.to.length - 1; i >= 0; i--) open.push(step.to[i]! * width + here)
    else if (step.kind === 'hold') {
      if (step.holds(text, here, budget)) open.push(step.to * width + here)
    } else {
      const [read, next] = forward ? [here, here + 1] : [here - 1, here - 1]
      if (read >= 0 && read < text.length && step.accepts(text.charCodeAt(read))) open.push(step.to * width + next)
    }
  }
  return false
}

const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)
const isLineEnd = (code: number): boolean => code === 10 || code === 13 || code === 0x2028 || code === 0x2029
const isSpace = (code: number): boolean => /\s/.test(String.fromCharCode(code))

function accepts(element: AST.CharacterClassElement | AST.CharacterClass | AST.CharacterSet | AST.Character): (code: number) => boolean {
  switch (element.type) {
    case 'Character':
      return (code) => code === element.value
    case 'CharacterClassRange':
      return (code) => code >= element.min.value && code <= element.max.value
    case 'CharacterClass': {
      const some = element.elements.map((one) => accepts(one as AST.ClassRangesCharacterClassElement))
      return (code) => some.some((takes) => takes(code)) !== element.negate
    }
    case 'CharacterSet':
      if (element.kind === 'any') return (code) => !isLineEnd(code)
      if (element.kind === 'property') break
      return setOf(element)
  }
  throw new PatternError('The pattern holds what only Unicode patterns may.')
}

function setOf({ kind, negate }: AST.EscapeCharacterSet): (code: number) => boolean {
  const inside = kind === 'digit' ? (code: number) => code >= 48 && code <= 57 : kind === 'space' ? isSpace : isWord
  return (code) => inside(code) !== negate
}

function assertion(element: AST.Assertion): (text: string, at: number, budget: Budget) => boolean {
  switch (element.kind) {
    case 'start':
      return (_, at) => at === 0
    case 'end':
      return (text, at) => at === text.length
    case 'word':
      return (text, at) => (isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at))) !== element.negate
    default: {
      const program = programOf(element.alternatives, element.kind === 'lookahead')
      return (text, at, budget) => run(program, text, at, budget, bitsFor(program, text, budget)) !== element.negate
    }
  }
}
