// What every page has: the design system's masthead, navigation and footer.
import '@govtechsg/sgds-web-component/components/Masthead/index.js'
import '@govtechsg/sgds-web-component/components/Mainnav/index.js'
import '@govtechsg/sgds-web-component/components/Footer/index.js'
