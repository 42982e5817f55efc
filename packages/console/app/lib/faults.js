/** @import { SandboxFault } from '@order-pipeline/contracts' */

/**
 * What can be switched on, in the words of the page: what it is called, what really happens, and what one sees.
 *
 * @type {readonly { fault: SandboxFault, title: string, does: string, see: string, met: string }[]}
 */
export const FAULTS = [
  {
    fault: 'BROKER_DOWN',
    title: 'Take the broker away',
    does: 'No client reaches it.',
    see: 'Orders are taken all the same. Their events wait in the outbox.',
    met: '',
  },
  {
    fault: 'LOSE_ANSWERS',
    title: 'Lose answers',
    does: 'The broker stores what is published, but every other answer is lost and all connections break.',
    see: 'Events are published again. No order takes a step twice.',
    met: 'answers lost',
  },
  {
    fault: 'STOP_SHIPPING',
    title: 'Stop shipping',
    does: 'The broker holds back what shipping fetches.',
    see: 'Orders wait in PROCESSING, and the lag of shipping grows.',
    met: 'fetches held',
  },
  {
    fault: 'SLOW_DATABASE',
    title: 'Slow the database down',
    does: 'Another session locks the table of orders for 0.4 s, again and again.',
    see: 'Every step takes longer, and none is lost.',
    met: 'locks taken',
  },
  {
    fault: 'KILL_CONSUMER',
    title: 'Kill a consumer',
    does: 'The next one that has moved orders goes no further. After 5 s another joins its group in its place.',
    see: 'The same messages come again. What was done already is not done twice.',
    met: 'killed',
  },
];
