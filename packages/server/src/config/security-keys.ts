/**
 * The keys of authentication and encryption. One that demands more than this version can check refuses the start: a
 * server that lets in whom it was told to keep out is worse than none.
 */
import { type ConfigKey, choice, inertReason, keysOf, onOff, text } from './config-key.ts'

const note = 'note' as const
const refuse = 'refuse' as const

export const securityKeys: readonly ConfigKey[] = keysOf('security', [
  {
    name: 'DigestAuthenticationProvider.enabled',
    kind: onOff,
    default: 'true',
    doc: 'Whether the digest scheme (user and password) is offered.',
  },
  {
    name: 'DigestAuthenticationProvider.superDigest',
    kind: text('user:base64(sha1(user:password))'),
    doc: 'The user who may do everything, whatever the ACLs say.',
  },
  {
    name: 'DigestAuthenticationProvider.digestAlg',
    kind: choice('SHA1', 'SHA-1'),
    default: 'SHA1',
    doc: 'The hash of the digest scheme.',
  },
  {
    name: 'enforce.auth.enabled',
    kind: onOff,
    default: 'false',
    doc: 'Whether clients must have authenticated with one of enforce.auth.schemes before they ask for anything.',
  },
  {
    name: 'enforce.auth.schemes',
    kind: text('schemes, with "," between them'),
    doc: 'The schemes of which one is needed.',
  },
  {
    name: 'sessionRequireClientSASLAuth',
    kind: onOff,
    default: 'false',
    doc: 'Whether clients must authenticate with SASL.',
    inert: inertReason.sasl,
    whenInert: refuse,
  },
  {
    name: 'allowSaslFailedClients',
    kind: onOff,
    default: 'false',
    doc: 'Whether clients that fail SASL may stay.',
    inert: inertReason.sasl,
    whenInert: note,
  },
  {
    name: 'superUser',
    kind: text('a SASL identity'),
    doc: 'The SASL identity of the super user.',
    inert: inertReason.sasl,
  },
  {
    name: 'superUser.*',
    kind: text('a SASL identity'),
    doc: 'A further SASL identity of the super user.',
    inert: inertReason.sasl,
  },
  {
    name: 'letAnySaslUserDoX',
    kind: text('a SASL identity'),
    doc: 'A SASL identity that everybody may act as.',
    inert: inertReason.sasl,
  },
  {
    name: 'kerberos.*',
    kind: text('true or false'),
    doc: 'How Kerberos principals are shortened.',
    inert: inertReason.sasl,
    whenInert: note,
  },
  {
    name: 'sasl.*',
    kind: text('as documented for SASL'),
    doc: 'Settings of the SASL server.',
    inert: inertReason.sasl,
  },
  {
    name: 'authProvider.*',
    kind: text('a Java class'),
    doc: 'A further authentication provider.',
    inert: inertReason.java,
  },
  {
    name: 'ensembleAuthName',
    kind: text('names, with "," between them'),
    doc: 'Names of this ensemble that clients may ask for.',
    inert: inertReason.later,
  },
  {
    name: 'X509AuthenticationProvider.superUser',
    kind: text('a distinguished name'),
    doc: 'The certificate subject of the super user.',
    inert: inertReason.tls,
  },
  {
    name: 'IPAuthenticationProvider.usexforwardedfor',
    kind: onOff,
    default: 'false',
    doc: 'Whether the admin server trusts X-Forwarded-For.',
    inert: inertReason.admin,
  },
  {
    name: 'ssl.*',
    kind: text('as documented for TLS'),
    doc: 'Settings of TLS with clients and, below ssl.quorum., with peers.',
    inert: inertReason.tls,
  },
  {
    name: 'client.portUnification',
    kind: onOff,
    default: 'false',
    doc: 'TLS and plain text on one client port.',
    inert: inertReason.tls,
  },
  {
    name: 'client.certReload',
    kind: onOff,
    default: 'false',
    doc: 'Whether changed certificates are read again.',
    inert: inertReason.tls,
    whenInert: note,
  },
  {
    name: 'fips-mode',
    kind: onOff,
    default: 'true',
    doc: 'Whether TLS keeps to what FIPS allows.',
    inert: inertReason.tls,
    whenInert: note,
  },
])
