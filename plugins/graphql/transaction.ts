/** What is one transaction: each mutation of a document, or all of them. Pure. */
import { problems } from 'plinth'

export const transactions = ['field', 'request'] as const
type Transactions = (typeof transactions)[number]

/** @throws INVALID_QUERY for a header that says neither. */
export function transactionsOf(header: string | null, otherwise: Transactions): Transactions {
  if (header === null) return otherwise
  const said = transactions.find((one) => one === header.trim().toLowerCase())
  if (!said) throw problems.INVALID_QUERY(`The header "GraphQL-Transaction" must be ${transactions.join(' or ')}.`)
  return said
}
