"""The words that may stay in a recording, since portals say them and no person is called so.

They stay in captions only, as what `pages.toml` names does; a value that is made of them is replaced all the
same.
"""

from ov_assets.companies import COMPANIES
from ov_assets.portal.pages.look import FINALIZADO
from ov_assets.portal.recording.mask import WORD, fold

SPOKEN = """
a abierto abrir acceder acceso accion acciones aceptar actual actualizar adjunta adjuntar adjunto
adjuntos ajax al ante anterior anulado apellido apellidos api app archivo archivos asignado asunto
atencion ayuda back borrar busca buscando buscar busqueda button cambiar cambio canal
canales cancel cancelado cancelar captcha cargando cargar causal celda celular cerrado cerrar clave
close codigo columna columnas comentario comentarios con concepto confirmar consulta consultar
contrasena contrato controlador correo crear cuenta cuerpo data date dato datos day dd de del
demostracion descargar desde details detalle detalles dia dialog direccion disponible documento
documentos download e edit editar el electronica electronico elegir eliminar email en
encontraron enviar error escriba escribe espere estado estados estimado etapa evidencia exportar
factura facturas fecha fechas fijo fila filas filter filtrar filtro filtros fin final finalizar
first fisica formato formulario gateway gestion gestionar grupo guardar hasta historial home hora id
identidad identificacion imagen imprimir informacion ingresa ingresar ingrese ingreso inicial
iniciar inicio intente ir la las last lectura limpiar list lista listado llave lo loading login los
mas medidor mensaje menu mes mi minuto mm modificar month mostrando mostrar motivo movil n next nic
ninguno no nombre nombres nueva nuevamente nuevo numero o observacion observaciones ocultar of
oficina olvidaste olvido opcion opciones open origen otro otros page pages pagina paginas para
password pendiente perfil peticion peticiones pie poliza por portal pqr pqrs previous primero
principal proceso prueba pruebas que queja quejas radicacion radicado radicados razon reclamacion
reclamo reclamos recordar recuperar recurso registrar registrate registro registros regresar reporte
respuesta resuelto resultado resultados rows salir save se search seleccion seleccionar seleccione
select send servicio servicios sesion sgc show si siguiente sin sistema sitio social solicitante
solicitud solicitudes soporte status su subir submit suministro sus suscriptor tabla tel telefono
tiempo tipo tipos titulo todo todos toggle total totales tramite tu u ultimo un una upload user
usuario usuarios valor ver version true false view virtual visibility visor vista volver web y year yyyy
"""
VOCABULARY = frozenset(
    fold(word)
    for text in (SPOKEN, *(company.name for company in COMPANIES.values()))
    for word in WORD.findall(text)
)
STATES = frozenset(
    fold(state)
    for state in (
        *(FINALIZADO, "Radicado", "En proceso", "Pendiente", "Resuelto", "Cerrado", "Cancelado", "Anulado"),
        *("Asignado", "Todos", "Abierto", "En trámite", "Respondido", "Sí", "No"),
    )
)
