/**
 * The syntax of X.500 distinguished names in ACLs of the scheme `x509`, such as `CN=bob,OU=ops,O=Example`, as Java's
 * X500Principal reads them (RFC 1779 and RFC 2253).
 *
 *     name      = "" | attribute { ("," | ";" | "+") attribute }
 *     attribute = (keyword | oid) "=" (quoted | "#" hex pairs | text with escapes)
 */

/** The keywords that Java knows. */
const keyword =
  'CN|C|L|ST|S|OU|O|T|IP|STREET|DC|DNQUALIFIER|DNQ|SURNAME|GIVENNAME|INITIALS|GENERATION|EMAILADDRESS|EMAIL|UID|SERIALNUMBER'
const oid = String.raw`(?:OID\.)?[0-2](?:\.\d+)+`
const escape = String.raw`\\(?:[0-9a-f]{2}|[ ,=+<>#;"\\])`
const quoted = String.raw` *"(?:[^"\\]|${escape})*" *`
const hex = ` *#(?:[0-9a-f]{2})+ *`
const text = String.raw`(?! *#)(?:[^,;+<>"\\]|${escape})*`

/** One attribute with the separator behind it. No two parts can match the same text, so it takes linear time. */
const attributePattern = new RegExp(
  ` *(?:${keyword}|${oid}) *=(?:${quoted}|${hex}|${text})(?<separator>[,;+]|$)`,
  'iy',
)

export function isDistinguishedName(name: string): boolean {
  let at = 0
  let isOpen = name !== ''
  while (isOpen) {
    attributePattern.lastIndex = at
    const match = attributePattern.exec(name)
    if (match === null) return false
    at += match[0].length
    isOpen = match.groups?.['separator'] !== ''
  }
  return true
}
