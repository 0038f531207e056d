/** What the record of one accepted request says, in the size that it has in use. */
export function requestRecordMembers(number: number) {
  return {
    request_id: `01KB${number}`,
    api: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    code: 'ok',
    method: 'GET',
    audience: 'https://api.example.com',
    path: '/projects/ACME/issues',
    subject: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    delegations: [
      'urn:uuid:6a1f0f0e-0d5f-4a0a-9d5e-2d1b5c0e7a11',
      'urn:uuid:0b1f0f0e-0d5f-4a0a-9d5e-2d1b5c0e7a11',
    ],
    digest: 'sha-256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  }
}
