/** What users and groups are made of (RFC 7643 §4, §7, §8.7), as data: discovery shows it, and whatever comes in is read by it. Pure. */

export type AttributeType = 'string' | 'boolean' | 'reference' | 'dateTime' | 'integer' | 'complex'

export interface Attribute {
  readonly name: string
  readonly type: AttributeType
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable'
  readonly returned: 'always' | 'default'
  readonly uniqueness: 'none' | 'server'
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly Attribute[]
}

export interface Schema {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}

const of =
  (type: AttributeType) =>
  (name: string, description: string, more: Partial<Attribute> = {}): Attribute => ({
    name,
    type,
    multiValued: false,
    description,
    required: false,
    caseExact: type === 'reference',
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...(type === 'reference' ? { referenceTypes: ['external'] } : {}),
    ...more,
  })
const text = of('string')
const flag = of('boolean')
const link = of('reference')
const date = of('dateTime')
const whole = of('integer')
const complex = (name: string, description: string, subAttributes: readonly Attribute[], more: Partial<Attribute> = {}) =>
  of('complex')(name, description, { subAttributes, ...more })

const many = { multiValued: true } as const
const readOnly = { mutability: 'readOnly' } as const
const immutable = { mutability: 'immutable' } as const
const exact = { caseExact: true } as const
const required = { required: true } as const

/** The usual parts of one of several values. */
const plural = (value: Attribute, types: readonly string[]) => [
  value,
  text('display', 'How the value is shown.'),
  text('type', 'What the value is for.', types.length ? { canonicalValues: types } : {}),
  flag('primary', 'Whether it is the preferred value; one may be.'),
]
const places = ['work', 'home', 'other']
const values = (name: string, description: string, types: readonly string[] = places, value = text('value', 'The value.')) =>
  complex(name, description, plural(value, types), many)

/** What every resource has, whatever its schema (RFC 7643 §3.1); not part of what schemas tell. */
export const common: readonly Attribute[] = [
  link('schemas', 'The schemas of the resource.', { ...many, ...readOnly, returned: 'always' }),
  text('id', 'Its key.', { ...exact, ...readOnly, returned: 'always', uniqueness: 'server' }),
  text('externalId', "The provider's own key of it.", exact),
  complex(
    'meta',
    'Of the resource itself.',
    [
      text('resourceType', 'Its type.', { ...exact, ...readOnly }),
      date('created', 'When it was provisioned.', readOnly),
      date('lastModified', 'When it was changed last.', readOnly),
      link('location', 'Its address.', readOnly),
      text('version', 'Its entity tag.', { ...exact, ...readOnly }),
    ],
    readOnly,
  ),
]

export const userSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  description: 'Somebody who may sign in.',
  attributes: [
    text('userName', 'The name by which they are known.', { ...required, uniqueness: 'server' }),
    complex('name', 'The parts of their name.', [
      text('formatted', 'The whole name.'),
      text('familyName', 'Last name.'),
      text('givenName', 'First name.'),
      text('middleName', 'Middle names.'),
      text('honorificPrefix', 'What stands before the name.'),
      text('honorificSuffix', 'What stands after the name.'),
    ]),
    text('displayName', 'The name to show.'),
    text('nickName', 'What they are called.'),
    link('profileUrl', 'The address of their page.'),
    text('title', 'What they are in the organisation.'),
    text('userType', 'Their relation to the organisation.'),
    text('preferredLanguage', 'As in Accept-Language.'),
    text('locale', 'A language tag.'),
    text('timezone', 'As in the time zone database.'),
    flag('active', 'Whether they may sign in.'),
    values('emails', 'Email addresses.'),
    values('phoneNumbers', 'Telephone numbers.', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
    values('ims', 'Addresses for instant messages.', []),
    values('photos', 'Pictures.', ['photo', 'thumbnail'], link('value', 'The address of the picture.')),
    complex(
      'addresses',
      'Postal addresses.',
      [
        text('formatted', 'The whole address.'),
        text('streetAddress', 'Street and number.'),
        text('locality', 'Town.'),
        text('region', 'State or region.'),
        text('postalCode', 'Postal code.'),
        text('country', 'Country.'),
        text('type', 'What the address is for.', { canonicalValues: places }),
        flag('primary', 'Whether it is the preferred address; one may be.'),
      ],
      many,
    ),
    complex(
      'groups',
      'The group that they belong to: one at most.',
      [
        text('value', 'Key of the group.', { ...readOnly, ...exact }),
        link('$ref', 'Address of the group.', { ...readOnly, referenceTypes: ['Group'] }),
        text('display', 'Name of the group.', readOnly),
        text('type', 'How they belong to it.', { ...readOnly, canonicalValues: ['direct'] }),
      ],
      { ...many, ...readOnly },
    ),
    values('entitlements', 'What they are entitled to; kept, not applied.', []),
    values('roles', 'Roles elsewhere; kept, not applied.', []),
    values('x509Certificates', 'Certificates.', [], text('value', 'Base64.', exact)),
  ],
}

export const enterpriseSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  name: 'EnterpriseUser',
  description: 'Their place in the organisation.',
  attributes: [
    text('employeeNumber', 'Number in the organisation.'),
    text('costCenter', 'Cost centre.'),
    text('organization', 'Organisation.'),
    text('division', 'Division.'),
    text('department', 'Department.'),
    complex('manager', 'Their manager.', [
      text('value', 'Key of the manager.', exact),
      link('$ref', 'Address of the manager.', { referenceTypes: ['User'] }),
      text('displayName', 'Name of the manager.', readOnly),
    ]),
  ],
}

export const groupSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  description: 'A role, and the users who have it. A user has one at most.',
  attributes: [
    text('displayName', 'Name of the group.', { ...required, uniqueness: 'server' }),
    complex(
      'members',
      'The users who belong to it.',
      [
        text('value', 'Key of the user.', { ...immutable, ...exact }),
        link('$ref', 'Address of the user.', { ...immutable, referenceTypes: ['User'] }),
        text('display', 'Name of the user.', readOnly),
        text('type', 'Always User.', { ...immutable, canonicalValues: ['User'] }),
      ],
      many,
    ),
  ],
}

const told = { ...readOnly, ...required }
const supported = (name: string, description: string, more: readonly Attribute[] = []) =>
  complex(name, description, [flag('supported', 'Whether it is.', told), ...more], told)

const configSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  name: 'ServiceProviderConfig',
  description: 'What of SCIM is offered here.',
  attributes: [
    link('documentationUri', 'Where to read about it.', readOnly),
    supported('patch', 'Changes by PATCH.'),
    supported('bulk', 'Many operations at once.', [
      whole('maxOperations', 'Operations at once.', told),
      whole('maxPayloadSize', 'Bytes of a body.', told),
    ]),
    supported('filter', 'Filters.', [whole('maxResults', 'Resources of a page.', told)]),
    supported('changePassword', 'Passwords by SCIM.'),
    supported('sort', 'Sorted lists.'),
    supported('etag', 'Entity tags.'),
    complex(
      'pagination',
      'How long lists are paged (RFC 9865).',
      [
        flag('cursor', 'By cursor.', told),
        flag('index', 'By index.', told),
        text('defaultPaginationMethod', 'The usual way.', { ...readOnly, canonicalValues: ['cursor', 'index'] }),
        whole('defaultPageSize', 'Resources of a page unless told.', readOnly),
        whole('maxPageSize', 'Resources of a page at most.', readOnly),
      ],
      readOnly,
    ),
    complex(
      'authenticationSchemes',
      'Ways to authenticate.',
      [
        text('type', 'Which way.', told),
        text('name', 'Its name.', told),
        text('description', 'What it is.', told),
        link('specUri', 'Its specification.', readOnly),
        flag('primary', 'Whether it is the preferred one.', readOnly),
      ],
      { ...told, ...many },
    ),
  ],
}

const typeSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  name: 'ResourceType',
  description: 'A type of resources.',
  attributes: [
    text('id', 'Its key.', readOnly),
    text('name', 'Its name.', told),
    text('description', 'What it is.', readOnly),
    link('endpoint', 'Where its resources are.', { ...told, referenceTypes: ['uri'] }),
    link('schema', 'Its schema.', { ...told, referenceTypes: ['uri'] }),
    complex(
      'schemaExtensions',
      'What may be added.',
      [link('schema', 'The schema added.', { ...told, referenceTypes: ['uri'] }), flag('required', 'Whether it must be.', told)],
      { ...readOnly, ...many },
    ),
  ],
}

const characteristics = (deeper: readonly Attribute[]): Attribute[] => [
  text('name', 'Its name.', { ...told, ...exact }),
  text('type', 'Its type.', told),
  flag('multiValued', 'Whether there may be several values.', told),
  text('description', 'What it is.', readOnly),
  flag('required', 'Whether it must be.', readOnly),
  text('canonicalValues', 'Usual values.', { ...readOnly, ...many }),
  flag('caseExact', 'Whether upper and lower case differ.', readOnly),
  text('mutability', 'Whether it may be written.', readOnly),
  text('returned', 'When it is answered.', readOnly),
  text('uniqueness', 'Where it is unique.', readOnly),
  text('referenceTypes', 'What it may point at.', { ...readOnly, ...many }),
  ...deeper,
]

const schemaSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  name: 'Schema',
  description: 'What a resource is made of.',
  attributes: [
    text('id', 'Its URN.', told),
    text('name', 'Its name.', readOnly),
    text('description', 'What it is.', readOnly),
    complex(
      'attributes',
      'Its attributes.',
      characteristics([complex('subAttributes', 'Parts of a complex attribute.', characteristics([]), { ...readOnly, ...many })]),
      { ...told, ...many },
    ),
  ],
}

export const allSchemas: readonly Schema[] = [userSchema, enterpriseSchema, groupSchema, configSchema, typeSchema, schemaSchema]

/** What resources of one endpoint are made of. */
export interface Shape {
  readonly name: 'User' | 'Group'
  readonly endpoint: '/Users' | '/Groups'
  readonly schema: Schema
  readonly extensions: readonly Schema[]
}

export const userShape: Shape = { name: 'User', endpoint: '/Users', schema: userSchema, extensions: [enterpriseSchema] }
export const groupShape: Shape = { name: 'Group', endpoint: '/Groups', schema: groupSchema, extensions: [] }
