/**
 * GraphiQL, for browsers that come to /graphql without a query. Version 3: it goes with React 18, the last that brings files for browsers, and from version 5 on
 * there is no bundle, but an editor with workers.
 */
import type { Page } from 'plinth/pages'

const hello = `# Sign in with a token under "Headers" below: { "Authorization": "Bearer …" }
# and then ask for the types anew (↻ on the left). Ctrl-Space tells what may be asked.

{
  __typename
}
`

export const explorerPage: Page = {
  title: 'GraphiQL',
  packages: 'graphiql@3',
  files: {
    'graphiql.css': 'graphiql/graphiql.min.css',
    'react.js': 'react/umd/react.production.min.js',
    'react-dom.js': 'react-dom/umd/react-dom.production.min.js',
    'graphiql.js': 'graphiql/graphiql.min.js',
  },
  style: 'body { margin: 0 } #app { height: 100dvh }',
  // What is kept between visits is kept without headers: GraphiQL's own history would hold tokens. Each endpoint has its own.
  script: `
    const name = (key) => location.pathname + ' ' + key
    const bare = (text) => {
      try {
        return JSON.stringify(JSON.parse(text, (key, value) => (key === 'headers' ? null : value)))
      } catch {
        return text
      }
    }
    const storage = {
      getItem: (key) => localStorage.getItem(name(key)),
      setItem: (key, text) => localStorage.setItem(name(key), bare(text)),
      removeItem: (key) => localStorage.removeItem(name(key)),
      clear: () => localStorage.clear(),
      get length() { return localStorage.length },
    }
    const options = {
      fetcher: GraphiQL.createFetcher({ url: location.pathname }), storage, shouldPersistHeaders: false,
      defaultQuery: ${JSON.stringify(hello)}, defaultEditorToolsVisibility: 'headers',
    }
    ReactDOM.createRoot(document.getElementById('app')).render(React.createElement(GraphiQL, options))
  `,
}
