/** The names by which the sessions module's tests import the proxy. */
export { startTcpProxy as startFaultProxy, type TcpProxy as FaultProxy } from './tcp-proxy.ts'
