/** The words of some lines, between spaces. */
function words(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(' '))
}

/** Pieces of the grammars that the packages read: structured fields, JSON, targets, credentials. */
export const PIECES: readonly string[] = [
  ...words(
    ', ; = ( ) " \\ : - . / ? # % @ { } [ ]',
    'sig sig1 * jwt hwk cached jkt-jwt ?1 ?0 @1 :AAAA: :AA==: :: ""',
    '"a" "\\"" %"%c3%a9" 1 0 -0 01 1.5 -1 1.0 999999999999999 1e3 1e400 9007199254740993',
    '"@method" "@target-uri" "@status" "@query-param";name="a" "@path" "@authority"',
    '"content-digest" "content-type" "host" "signature" "date" "Date" "cookie"',
    ';sf ;bs ;req ;tr ;key="a" ;cache ;cache=?0 ;created=1796126400 ;expires=1 ;cid="AA"',
    ';nonce="AAAAAAAAAAAAAAAA" ;tag="agent-key" ;tag="agent-delegation" ;alg="rsa-v1_5-sha256"',
    ';alg="ed25519" ;keyid="did:web:api.test#k" ;keyid="x" ;jwt="e30.e30.AA"',
    'null true {} [] "__proto__":1, "exp":1, "\\ud800" \\u0000 sha-512=:AA==: md5=:: e30 ..',
    'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
  ),
  '',
  ' ',
  '  ',
  '\t',
  '\u0000',
  '\r\n',
  '\n',
  '\u007f',
  '\u0080',
  '\u00ff',
  'A'.repeat(300),
]

/** Pieces of targets that readers disagree about. */
export const TARGET_PIECES: readonly string[] = [
  ...words(
    '/ // /./ /../ /..;/ /;x=1/ %2e %2E%2e/ %2f %5c \\ %00 %0d%0a % %zz %c3 %ff %25 %252e',
    '* ** ? ?? & &a=1 ;a=1 = + # #f é \u00ff @ : [ ] ^ {} | ` < " \' %41 %7E',
  ),
  ' ',
  '\t',
  '\u0000',
]

export const TARGETS: readonly string[] = ['', ...words('* / ? api.test:443 /v1/items /v1/admin //')]

export const METHODS: readonly string[] = [
  ...words('GET POST PUT HEAD DELETE PATCH OPTIONS CONNECT TRACE PRI M-SEARCH get Post " !#$% GÉT'),
  '',
  ' ',
  'GET ',
  'GET\r\n',
  'GET\u0000',
  'G'.repeat(5000),
]

export const HEADER_NAMES: readonly string[] = [
  ...words(
    'Signature Signature-Input Signature-Key Delegation-Chain Content-Digest Content-Type Content-Length Host',
    'Agent-Context Transfer-Encoding Connection Authorization Date X-HTTP-Method-Override X-HTTP-Method',
    'X-Method-Override :authority :path :method : signature_key content_type content_length agent_context',
    'Signature-input Cookie Via Expect Trailer Upgrade Content-Encoding X-Forwarded-Host Forwarded Accept X',
    'Höst Signature: Signature\u0000',
  ),
  '',
  ' ',
  'Host ',
  ' Host',
  'Hos t',
  'X'.repeat(9000),
]

export const HEADER_VALUES: readonly string[] = [
  ...words(
    '0 1 5 -1 +1 0x5 00 99999999999999999999 1048577 chunked identity close content-digest gzip 100-continue',
    'api.test API.TEST api.test:443 api.test:80 api.test. evil.test localhost:8080 [::1] user@api.test',
    'api.test% ⓔxample.com GET DELETE POST application/json text/plain run="run-42" run="other" run=1',
    'prompt=:AA==: sig=jwt sig=cached;cid="AA" sig=() sig=:: "e30.e30.AA" sha-256=:: \u0000 \u0080\u00ff',
  ),
  '',
  ' ',
  '1, 1',
  '5, 5',
  'chunked, identity',
  'signature-key, close',
  'api.test, evil.test',
  'Bearer x, Bearer y',
  'application/json, text/plain',
  'application/json; charset=utf-16',
  'run="run-42", run="x"',
  '\r\nX: y',
  '\n y',
  'x'.repeat(40_000),
]

/** What a claim may be instead of what it should be. */
export const CLAIM_TEXTS: readonly string[] = [
  ...words(
    'x did:web:api.test did:key:z6Mk urn:uuid:00000000-0000-4000-8000-000000000000 2026-12-01T13:00:00Z',
    '2026-12-01 https://api.test /** * GET revocation 1000 01 -1 131072 é \u0000 passkey',
  ),
  '',
]

/** What somebody might add to a list of locations, actions or paths. */
export const LIST_ADDITIONS: readonly string[] = [
  ...words(
    'https://evil.test http://localhost:8080 DELETE get * /** /* /v1/*/x /v1/admin /v1 /v1/ /v1/items/7',
  ),
  ...words('/../** /%2e/** x'),
  '',
]
