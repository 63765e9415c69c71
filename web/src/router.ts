import { watch } from 'vue'
import { createRouter, createWebHistory, START_LOCATION } from 'vue-router'
import { sealed } from './api/client'
import { health } from './pages/seal'
import { momentIn, past } from './past'
import { me, whoAmI } from './session'

/** Of pages that can show a past moment. */
const THEN = { past: true }

// The browser's own way back leads to the address as it was, out of the past too.
let popped = false
window.addEventListener('popstate', () => { popped = true })

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: '/workbench' },
    { path: '/sign-in', component: () => import('./pages/SignIn.vue') },
    { path: '/unseal', component: () => import('./pages/UnsealPage.vue') },
    { path: '/workbench', component: () => import('./pages/WorkbenchPage.vue') },
    { path: '/register', component: () => import('./pages/RegisterDesk.vue') },
    { path: '/items', component: () => import('./pages/ItemsPage.vue'), meta: THEN },
    { path: '/items/:id', component: () => import('./pages/ItemPage.vue'), meta: THEN, props: true },
    { path: '/read/:file', component: () => import('./pages/ViewerPage.vue'), props: true },
    { path: '/prints', component: () => import('./pages/PrintsPage.vue'), meta: THEN },
    { path: '/prints/:id', component: () => import('./pages/PrintPage.vue'), props: true },
    { path: '/knew', component: () => import('./pages/KnewPage.vue') },
    { path: '/content', component: () => import('./pages/ContentPage.vue') },
    { path: '/loans', component: () => import('./pages/LoansPage.vue'), meta: THEN },
    { path: '/loans/:id/form', component: () => import('./pages/LoanForm.vue'), meta: THEN, props: true },
    { path: '/desk', component: () => import('./pages/HandOverDesk.vue') },
    { path: '/reading', component: () => import('./pages/ReadingPage.vue') },
    { path: '/mine', component: () => import('./pages/MinePage.vue'), meta: THEN },
    { path: '/held', component: () => import('./pages/HeldPage.vue'), meta: THEN },
    { path: '/differences', component: () => import('./pages/DifferencesPage.vue'), meta: THEN },
    { path: '/receipts', component: () => import('./pages/ReceiptsPage.vue'), meta: THEN },
    { path: '/cabinets', component: () => import('./pages/CabinetsPage.vue'), meta: THEN },
    { path: '/people', component: () => import('./pages/PeoplePage.vue'), meta: THEN },
    { path: '/people/:id', component: () => import('./pages/PersonPage.vue'), props: true },
    { path: '/people/:id/commitment', component: () => import('./pages/CommitmentSheet.vue'), props: true },
    { path: '/posts', component: () => import('./pages/PostsPage.vue') },
    { path: '/commitments', component: () => import('./pages/CommitmentsPage.vue') },
    { path: '/incidents', component: () => import('./pages/IncidentsPage.vue'), meta: THEN },
    { path: '/import', component: () => import('./pages/ImportPage.vue') },
    { path: '/ledger', component: () => import('./pages/LedgerPage.vue') },
    { path: '/ledger/slip', component: () => import('./pages/SlipPage.vue') },
    { path: '/backups', component: () => import('./pages/BackupsPage.vue') },
    { path: '/journal', component: () => import('./pages/JournalPage.vue') },
    { path: '/proposals', component: () => import('./pages/ProposalsPage.vue') },
    { path: '/keys', component: () => import('./pages/KeysPage.vue') },
    { path: '/settings', component: () => import('./pages/SettingsPage.vue') },
    { path: '/:rest(.*)*', component: () => import('./pages/NothingHere.vue') },
  ],
})

router.beforeEach(async (to, from) => {
  if (to.path === '/unseal') return true
  // The sign-in page asks nothing of its own, so the first look is at whether anybody can sign in.
  if (to.path === '/sign-in' && from === START_LOCATION && ['sealed', 'held'].includes((await health()) ?? '')) sealed.value = true
  if (!me.value && to.path !== '/sign-in') await whoAmI()
  if (sealed.value) return '/unseal'
  if (!me.value && to.path !== '/sign-in') return { path: '/sign-in', query: { next: to.fullPath } }
  // Whoever looks at the past stays there until they leave it.
  if (past.value && !popped && to.path !== '/sign-in' && !momentIn(to.query)) return { ...to, query: { ...to.query, as_of: past.value } }
  return true
})
router.afterEach((to) => {
  popped = false
  past.value = momentIn(to.query)
})

// Wherever one was when it was found to be sealed: whoever was signed in no longer is.
watch(sealed, (is) => {
  if (!is) return
  me.value = null
  void router.replace('/unseal')
})
