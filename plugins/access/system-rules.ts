/** Rules that come with app access: what whoever works in an app needs to know of the system's own tables. In the database they do not stand. */
import type { Rule } from 'plinth'

const own = (field: string) => ({ [field]: { _eq: '$CURRENT_USER' } })

const rule = (collection: string, action: string, more: Partial<Pick<Rule, 'permissions' | 'validation' | 'fields'>> = {}): Rule =>
  Object.freeze({
    policy: null,
    collection: `directus_${collection}`,
    action,
    permissions: {},
    validation: null,
    presets: null,
    fields: ['*'],
    ...more,
  })

const profile = [
  'id',
  'first_name',
  'last_name',
  'last_page',
  'email',
  'password',
  'location',
  'title',
  'description',
  'tags',
  'provider',
  'preferences_divider',
  'avatar',
  'language',
  'appearance',
  'theme_light',
  'theme_dark',
  'tfa_secret',
  'status',
  'role',
]

/** Without what only administrators set, keys of other services above all. */
const settings = [
  'id',
  'project_url',
  'project_logo',
  'module_bar',
  'storage_asset_transform',
  'storage_asset_presets',
  'custom_aspect_ratios',
  'basemaps',
  'mapbox_key',
  'visual_editor_urls',
  'collaborative_editing_enabled',
  'report_error_url',
  'ai_openai_compatible_models',
  'ai_openai_allowed_models',
  'ai_anthropic_allowed_models',
  'ai_google_allowed_models',
  'mcp_prompts_collection',
  'default_save_action',
  'ai_translation_default_model',
  'ai_translation_glossary',
  'ai_translation_style_guide',
]

/** Presets of one's own, of one's role, of everybody. */
const presets = {
  _or: [
    own('user'),
    { _and: [{ user: { _null: true } }, { role: { _eq: '$CURRENT_ROLE' } }] },
    { _and: [{ user: { _null: true } }, { role: { _null: true } }] },
  ],
}

export const systemRules: readonly Rule[] = Object.freeze([
  rule('collections', 'read'),
  rule('fields', 'read'),
  rule('relations', 'read'),
  rule('translations', 'read'),
  rule('settings', 'read', { fields: settings }),
  rule('roles', 'read', { permissions: { id: { _in: '$CURRENT_ROLES' } } }),
  rule('users', 'read', { permissions: own('id'), fields: profile }),
  rule('activity', 'read', { permissions: own('user') }),
  rule('notifications', 'read', { permissions: own('recipient') }),
  rule('notifications', 'update', { permissions: own('recipient'), fields: ['status'] }),
  rule('shares', 'read', { permissions: own('user_created') }),
  rule('comments', 'read', { permissions: own('user_created') }),
  rule('comments', 'create', { validation: { comment: { _nnull: true } } }),
  rule('comments', 'update', { permissions: own('user_created'), fields: ['comment'] }),
  rule('comments', 'delete', { permissions: own('user_created') }),
  rule('presets', 'read', { permissions: presets }),
  // What leaves "user" out passes the validation, and would be everybody's.
  rule('presets', 'create', { permissions: own('user'), validation: own('user') }),
  rule('presets', 'update', { permissions: own('user'), validation: own('user') }),
  rule('presets', 'delete', { permissions: own('user') }),
])
