package timecraft

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"
)

// The host's socket functions: those of the WasmEdge socket extension, version 2. Pointers are 32
// bits wide there and 64 in Go, so that structs for the host hold them as uint32.

//go:wasmimport wasi_snapshot_preview1 sock_open
//go:noescape
func sock_open(family, kind uint32, fd unsafe.Pointer) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_bind
//go:noescape
func sock_bind(fd int32, address unsafe.Pointer, port uint32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_listen
//go:noescape
func sock_listen(fd int32, backlog uint32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_connect
//go:noescape
func sock_connect(fd int32, address unsafe.Pointer, port uint32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_getsockopt
//go:noescape
func sock_getsockopt(fd int32, level, name uint32, value unsafe.Pointer, length uint32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_setsockopt
//go:noescape
func sock_setsockopt(fd int32, level, name uint32, value unsafe.Pointer, length uint32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_getlocaladdr
//go:noescape
func sock_getlocaladdr(fd int32, address, port unsafe.Pointer) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_getpeeraddr
//go:noescape
func sock_getpeeraddr(fd int32, address, port unsafe.Pointer) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_recv_from
//go:noescape
func sock_recv_from(fd int32, vectors unsafe.Pointer, count uint32, address unsafe.Pointer,
	flags uint32, port, received, oflags unsafe.Pointer) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_send_to
//go:noescape
func sock_send_to(fd int32, vectors unsafe.Pointer, count uint32, address unsafe.Pointer,
	port, flags uint32, sent unsafe.Pointer) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_getaddrinfo
//go:noescape
func sock_getaddrinfo(name unsafe.Pointer, nameLength uint32, service unsafe.Pointer,
	serviceLength uint32, hints, list unsafe.Pointer, capacity uint32, count unsafe.Pointer) syscall.Errno

// Numbers of the extension.
const (
	familyUnspec = 0
	familyInet4  = 1
	familyInet6  = 2
	familyUnix   = 3

	typeDatagram = 1
	typeStream   = 2

	levelSocket = 0
	levelTCP    = 6

	optionReuseAddress  = 0
	optionError         = 2
	optionBroadcast     = 4
	optionSendBuffer    = 5
	optionReceiveBuffer = 6
	optionKeepAlive     = 7
	optionLinger        = 9
	optionNoDelay       = 15
)

// address32 is where p points, as the host has it.
func address32(p unsafe.Pointer) uint32 { return uint32(uintptr(p)) }

// An endpoint is a socket's address: IP and port, or else a path.
type endpoint struct {
	ip   netip.AddrPort
	path string
}

func (e endpoint) family() uint32 {
	switch {
	case !e.ip.IsValid():
		return familyUnix
	case e.ip.Addr().Is4():
		return familyInet4
	default:
		return familyInet6
	}
}

// endpointOf is the endpoint of an address of package net. An IPv4 address is one in either form;
// no address at all stands for one that the host chooses.
func endpointOf(address net.Addr) (endpoint, error) {
	var ip netip.AddrPort
	switch address := address.(type) {
	case *net.UnixAddr:
		return endpoint{path: address.Name}, nil
	case *net.TCPAddr:
		ip = address.AddrPort()
	case *net.UDPAddr:
		ip = address.AddrPort()
	default:
		return endpoint{}, &net.AddrError{Err: "unsupported type of address", Addr: fmt.Sprint(address)}
	}
	if ip.Addr().Zone() != "" {
		return endpoint{}, &net.AddrError{Err: "zones are not supported", Addr: address.String()}
	}
	if !ip.IsValid() {
		ip = netip.AddrPortFrom(netip.IPv6Unspecified(), ip.Port())
	}
	return endpoint{ip: netip.AddrPortFrom(ip.Addr().Unmap(), ip.Port())}, nil
}

// netAddr is the endpoint as package net has it.
func (e endpoint) netAddr(network string) net.Addr {
	switch network {
	case "tcp", "tcp4", "tcp6":
		return net.TCPAddrFromAddrPort(e.ip)
	case "udp", "udp4", "udp6":
		return net.UDPAddrFromAddrPort(e.ip)
	default:
		return &net.UnixAddr{Name: e.path, Net: network}
	}
}

// hostAddress is an endpoint without its port as the host has it: 4 or 16 bytes of an IP address,
// or a path that a zero ends.
type hostAddress struct {
	family uint16
	bytes  [126]byte
}

// hostBuffer is how buffers, addresses among them, are given to the host.
type hostBuffer struct {
	address uint32
	length  uint32
}

// What calls point to with addresses that are 32 bits wide, which the garbage collector does not
// see and stacks move away from. A variable of the package stays where it is.
var shared struct {
	sync.Mutex
	address hostAddress
	buffer  hostBuffer // of address
	vector  hostBuffer
}

func lockShared() {
	shared.Lock()
	shared.buffer = hostBuffer{
		address32(unsafe.Pointer(&shared.address)), uint32(unsafe.Sizeof(shared.address))}
}

// storeAddress fills the shared address.
func storeAddress(e endpoint) syscall.Errno {
	shared.address = hostAddress{family: uint16(e.family())}
	switch shared.address.family {
	case familyInet4:
		ip := e.ip.Addr().As4()
		copy(shared.address.bytes[:], ip[:])
	case familyInet6:
		ip := e.ip.Addr().As16()
		copy(shared.address.bytes[:], ip[:])
	default:
		if e.path == "" || bytes.IndexByte([]byte(e.path), 0) >= 0 {
			return syscall.EINVAL
		}
		if len(e.path) >= len(shared.address.bytes) {
			return syscall.ENAMETOOLONG
		}
		copy(shared.address.bytes[:], e.path)
	}
	return 0
}

// loadAddress reads the shared address.
func loadAddress(port uint32) endpoint {
	data := &shared.address.bytes
	switch shared.address.family {
	case familyInet4:
		return endpoint{ip: netip.AddrPortFrom(netip.AddrFrom4([4]byte(data[:4])), uint16(port))}
	case familyInet6:
		ip := netip.AddrFrom16([16]byte(data[:16])).Unmap()
		return endpoint{ip: netip.AddrPortFrom(ip, uint16(port))}
	default:
		path, _, _ := bytes.Cut(data[:], []byte{0})
		return endpoint{path: string(path)}
	}
}

// asError keeps a zero errno from becoming an error that is not nil.
func asError(call string, errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return os.NewSyscallError(call, errno)
}

// openSocket makes a socket that does not block.
func openSocket(family, kind uint32) (int32, error) {
	var fd int32
	if errno := sock_open(family, kind, unsafe.Pointer(&fd)); errno != 0 {
		return -1, os.NewSyscallError("socket", errno)
	}
	if err := syscall.SetNonblock(int(fd), true); err != nil {
		syscall.Close(int(fd))
		return -1, os.NewSyscallError("setnonblock", err)
	}
	return fd, nil
}

func bindSocket(fd int32, e endpoint) error {
	lockShared()
	defer shared.Unlock()
	errno := storeAddress(e)
	if errno == 0 {
		errno = sock_bind(fd, unsafe.Pointer(&shared.buffer), uint32(e.ip.Port()))
	}
	return asError("bind", errno)
}

func connectSocket(fd int32, e endpoint) syscall.Errno {
	lockShared()
	defer shared.Unlock()
	if errno := storeAddress(e); errno != 0 {
		return errno
	}
	return sock_connect(fd, unsafe.Pointer(&shared.buffer), uint32(e.ip.Port()))
}

func localEndpoint(fd int32) (endpoint, error) {
	lockShared()
	defer shared.Unlock()
	var port uint32
	errno := sock_getlocaladdr(fd, unsafe.Pointer(&shared.buffer), unsafe.Pointer(&port))
	return loadAddress(port), asError("getsockname", errno)
}

func peerEndpoint(fd int32) (endpoint, error) {
	lockShared()
	defer shared.Unlock()
	var port uint32
	errno := sock_getpeeraddr(fd, unsafe.Pointer(&shared.buffer), unsafe.Pointer(&port))
	return loadAddress(port), asError("getpeername", errno)
}

// kept is written to by nobody; see onHeap.
var kept []byte

// onHeap keeps a buffer off the stack, whose memory may move: the compiler can not know that kept
// never gets it.
func onHeap(buffer []byte) {
	if kept != nil {
		kept = buffer
	}
}

// receiveFrom takes one datagram.
func receiveFrom(fd int32, buffer []byte) (n int, from endpoint, errno syscall.Errno) {
	var port, received uint32
	var oflags uint16
	onHeap(buffer)
	lockShared()
	defer shared.Unlock()
	shared.address = hostAddress{}
	shared.vector = hostBuffer{address32(unsafe.Pointer(unsafe.SliceData(buffer))), uint32(len(buffer))}
	errno = sock_recv_from(fd, unsafe.Pointer(&shared.vector), 1, unsafe.Pointer(&shared.buffer), 0,
		unsafe.Pointer(&port), unsafe.Pointer(&received), unsafe.Pointer(&oflags))
	runtime.KeepAlive(buffer)
	return int(received), loadAddress(port), errno
}

// sendTo sends one datagram.
func sendTo(fd int32, buffer []byte, to endpoint) (n int, errno syscall.Errno) {
	var sent uint32
	onHeap(buffer)
	lockShared()
	defer shared.Unlock()
	if errno = storeAddress(to); errno != 0 {
		return 0, errno
	}
	shared.vector = hostBuffer{address32(unsafe.Pointer(unsafe.SliceData(buffer))), uint32(len(buffer))}
	errno = sock_send_to(fd, unsafe.Pointer(&shared.vector), 1, unsafe.Pointer(&shared.buffer),
		uint32(to.ip.Port()), 0, unsafe.Pointer(&sent))
	runtime.KeepAlive(buffer)
	return int(sent), errno
}

func setOption(fd int32, level, name uint32, value []byte) syscall.Errno {
	return sock_setsockopt(fd, level, name, unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)))
}

func setNumber(fd int32, level, name uint32, value uint32) syscall.Errno {
	return sock_setsockopt(fd, level, name, unsafe.Pointer(&value), uint32(unsafe.Sizeof(value)))
}

func getNumber(fd int32, level, name uint32) (value uint32, errno syscall.Errno) {
	errno = sock_getsockopt(fd, level, name, unsafe.Pointer(&value), uint32(unsafe.Sizeof(value)))
	return value, errno
}

// pendingError is what became of what a socket does in the background: EINPROGRESS while it goes
// on, 0 if it went well.
func pendingError(fd int32) syscall.Errno {
	value, errno := getNumber(fd, levelSocket, optionError)
	if errno != 0 {
		return errno
	}
	return syscall.Errno(value)
}
