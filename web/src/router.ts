import { watch } from 'vue'
import { createRouter, createWebHistory, START_LOCATION } from 'vue-router'
import { sealed } from './api/client'
import { health } from './pages/seal'
import { me, whoAmI } from './session'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: '/workbench' },
    { path: '/sign-in', component: () => import('./pages/SignIn.vue') },
    { path: '/unseal', component: () => import('./pages/UnsealPage.vue') },
    { path: '/workbench', component: () => import('./pages/WorkbenchPage.vue') },
    { path: '/register', component: () => import('./pages/RegisterDesk.vue') },
    { path: '/items', component: () => import('./pages/ItemsPage.vue') },
    { path: '/items/:id', component: () => import('./pages/ItemPage.vue'), props: true },
    { path: '/read/:file', component: () => import('./pages/ViewerPage.vue'), props: true },
    { path: '/prints', component: () => import('./pages/PrintsPage.vue') },
    { path: '/prints/:id', component: () => import('./pages/PrintPage.vue'), props: true },
    { path: '/knew', component: () => import('./pages/KnewPage.vue') },
    { path: '/content', component: () => import('./pages/ContentPage.vue') },
    { path: '/loans', component: () => import('./pages/LoansPage.vue') },
    { path: '/loans/:id/form', component: () => import('./pages/LoanForm.vue'), props: true },
    { path: '/desk', component: () => import('./pages/HandOverDesk.vue') },
    { path: '/reading', component: () => import('./pages/ReadingPage.vue') },
    { path: '/mine', component: () => import('./pages/MinePage.vue') },
    { path: '/receipts', component: () => import('./pages/ReceiptsPage.vue') },
    { path: '/cabinets', component: () => import('./pages/CabinetsPage.vue') },
    { path: '/people', component: () => import('./pages/PeoplePage.vue') },
    { path: '/people/:id', component: () => import('./pages/PersonPage.vue'), props: true },
    { path: '/people/:id/commitment', component: () => import('./pages/CommitmentSheet.vue'), props: true },
    { path: '/posts', component: () => import('./pages/PostsPage.vue') },
    { path: '/commitments', component: () => import('./pages/CommitmentsPage.vue') },
    { path: '/incidents', component: () => import('./pages/IncidentsPage.vue') },
    { path: '/import', component: () => import('./pages/ImportPage.vue') },
    { path: '/ledger', component: () => import('./pages/LedgerPage.vue') },
    { path: '/ledger/slip', component: () => import('./pages/SlipPage.vue') },
    { path: '/journal', component: () => import('./pages/JournalPage.vue') },
    { path: '/settings', component: () => import('./pages/SettingsPage.vue') },
    { path: '/:rest(.*)*', component: () => import('./pages/NothingHere.vue') },
  ],
})

router.beforeEach(async (to, from) => {
  if (to.path === '/unseal') return true
  // The sign-in page asks nothing of its own, so the first look is at whether anybody can sign in.
  if (to.path === '/sign-in' && from === START_LOCATION && (await health()) === 'sealed') sealed.value = true
  if (!me.value && to.path !== '/sign-in') await whoAmI()
  if (sealed.value) return '/unseal'
  if (!me.value && to.path !== '/sign-in') return { path: '/sign-in', query: { next: to.fullPath } }
  return true
})

// Wherever one was when it was found to be sealed: whoever was signed in no longer is.
watch(sealed, (is) => {
  if (!is) return
  me.value = null
  void router.replace('/unseal')
})
